import type { ReactNode } from 'react'
import { Icon, type IconName } from './Icon'

/** An empty list says why it is empty and what to do. */
export function EmptyState({ icon = 'folder', title, children }: { icon?: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <Icon name={icon} size={32} />
      <p className="empty-title">{title}</p>
      {children}
    </div>
  )
}
