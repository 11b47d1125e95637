import { useTranslation } from 'react-i18next'

const known = [
  'submit', 'receive', 'refuse', 'request-supplement', 'supplement', 'hand-over', 'assign', 'consult', 'answer', 'submit-for-signature',
  'approve', 'reject', 'return-to-step', 'apologise', 'stop', 'withdraw', 'pay', 'deliver', 'archive', 'request-payment', 'reopen', 'ask', 'answered',
  'asked', 'silence', 'silent', 'recall', 'go-on', 'withdraw-result', 'correct-result', 'paper-withdrawn', 'paper-superseded',
  'taken-over',
] as const
type Known = (typeof known)[number]
type Underscored<T extends string> = T extends `${infer A}-${infer B}` ? `${A}_${Underscored<B>}` : T

/** What an event is called for the one it concerns. */
export function useActionWords() {
  const { t } = useTranslation()
  return (action: string): string =>
    known.includes(action as Known) ? t(`action.${action.replaceAll('-', '_') as Underscored<Known>}`) : t('action.other')
}
