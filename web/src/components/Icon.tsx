import type { ReactNode } from 'react'

/** Drawn on a 20 by 20 grid with one stroke; an icon always stands beside its word, so it is hidden from readers. */
const drawings = {
  check: <path d="m4 10.500 4 4 8-9" />,
  clock: <><circle cx="10" cy="10" r="7.500" /><path d="M10 5.500V10l3 2" /></>,
  warning: <><path d="M10 2.800 18 17H2z" /><path d="M10 8v4M10 14.500v.200" /></>,
  late: <><circle cx="10" cy="10" r="7.500" /><path d="M10 5.500v5.500M10 14v.200" /></>,
  pause: <path d="M7 4v12M13 4v12" />,
  cross: <path d="m5 5 10 10M15 5 5 15" />,
  search: <><circle cx="8.500" cy="8.500" r="5.500" /><path d="m13 13 4.500 4.500" /></>,
  bell: <><path d="M4.500 14.500c1.500-1.500 1.500-3 1.500-5.500a4 4 0 0 1 8 0c0 2.500 0 4 1.500 5.500z" /><path d="M8.500 17h3" /></>,
  user: <><circle cx="10" cy="6.500" r="3.500" /><path d="M3 17.500c.800-4 3.500-5.500 7-5.500s6.200 1.500 7 5.500" /></>,
  right: <path d="m7.500 4 6 6-6 6" />,
  left: <path d="m12.500 4-6 6 6 6" />,
  down: <path d="m4 7.500 6 6 6-6" />,
  file: <><path d="M5 2.500h6.500L15.500 7v10.500H5z" /><path d="M11 2.500V7.500h4.500" /></>,
  folder: <path d="M2.500 5h5l2 2.500h8V16h-15z" />,
  upload: <path d="M10 13V3.500M6 7l4-4 4 4M3.500 13v3.500h13V13" />,
  download: <path d="M10 3v9.500M6 9l4 4 4-4M3.500 13.500v3h13v-3" />,
  print: <><path d="M5.500 7V2.500h9V7M5.500 14H3V7h14v7h-2.500" /><path d="M5.500 11.500h9v6h-9z" /></>,
  lock: <><path d="M4.500 9h11v8h-11z" /><path d="M7 9V6.500a3 3 0 0 1 6 0V9" /></>,
  phone: <path d="M4 3h3.500l1.500 4-2 1.500a9 9 0 0 0 4.500 4.500l1.500-2 4 1.500V16c0 1-1 1.500-2 1.300C8.500 16.500 3.500 11.500 2.700 5 2.500 4 3 3 4 3z" />,
  street: <><path d="M10 18s-5.500-5.500-5.500-10a5.500 5.500 0 0 1 11 0c0 4.500-5.500 10-5.500 10z" /><circle cx="10" cy="8" r="2" /></>,
  eye: <><path d="M1.500 10S4.500 4.500 10 4.500 18.500 10 18.500 10 15.500 15.500 10 15.500 1.500 10 1.500 10z" /><circle cx="10" cy="10" r="2.500" /></>,
  offline: <path d="M3 3l14 14M2.500 8.500a11 11 0 0 1 4-2.500M17.500 8.500a11 11 0 0 0-6-2.900M6 12a6 6 0 0 1 3-1.500M10 16v.200" />,
  home: <path d="M3 9.500 10 3l7 6.500M5 8v9h10V8" />,
} satisfies Record<string, ReactNode>

export type IconName = keyof typeof drawings

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {drawings[name]}
    </svg>
  )
}
