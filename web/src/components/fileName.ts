/** What a downloaded paper is called: its title, without what file systems refuse. The city issues PDF. */
export const fileName = (title: string | undefined, extension = '.pdf'): string =>
  `${(title ?? '').replace(/[\\/:*?"<>|]+/g, ' ').replace(/\s+/g, ' ').trim() || 'motcua'}${extension}`
