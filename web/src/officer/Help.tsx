import { useTranslation } from 'react-i18next'
import { Dialog } from '@/components/Dialog'
import { turnKeys, useKeysOn } from './keys'

const groups = {
  everywhere: [['?', 'help'], ['Esc', 'escape'], ['i', 'go_inbox'], ['c', 'go_intake'], ['/', 'search']],
  inbox: [['j', 'next'], ['k', 'previous'], ['Enter', 'open'], ['x', 'select'], ['r', 'receive'], ['h', 'hand_over'], ['z', 'undo'], ['m', 'more']],
  dossier: [['1 – 9', 'action'], ['r', 'receive'], ['h', 'hand_over'], ['[  ]', 'papers'], ['j', 'next'], ['k', 'previous']],
  intake: [['g', 'call'], ['Ctrl + Enter', 'submit'], ['s', 'same_person'], ['n', 'new_person'], ['p', 'print']],
} as const

export function Help({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation('officer')
  const on = useKeysOn()
  return (
    <Dialog opened={opened} onClose={onClose} title={t('keys.title')}>
      <label className="tick">
        <input type="checkbox" checked={on} onChange={(event) => turnKeys(event.target.checked)} aria-describedby="keys-hint" />
        {t('keys.on')}
      </label>
      <p id="keys-hint" className="hint">{t('keys.on_hint')}</p>
      <div className="keys">
        {(Object.keys(groups) as (keyof typeof groups)[]).map((group) => (
          <section key={group} aria-labelledby={`keys-${group}`}>
            <h3 id={`keys-${group}`}>{t(`keys.${group}`)}</h3>
            <dl>
              {groups[group].map(([key, name]) => (
                <div key={name}><dt><kbd>{key}</kbd></dt><dd>{t(`keys.${name}`)}</dd></div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
