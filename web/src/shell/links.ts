import type { IconName } from '@/components/Icon'

/** The citizen's main places: the row under the masthead, and the bar at a phone's foot. */
export const places = [
  { to: '/', name: 'home', icon: 'home', private: false },
  { to: '/thu-tuc', name: 'services', icon: 'search', private: false },
  { to: '/ho-so', name: 'dossiers', icon: 'folder', private: true },
  { to: '/kho', name: 'vault', icon: 'file', private: true },
] as const satisfies readonly { to: string; name: string; icon: IconName; private: boolean }[]
