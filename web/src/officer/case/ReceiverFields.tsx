import { NativeSelect, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'

export const relations = ['self', 'family', 'agent', 'other'] as const
export interface Receiver { name: string; relation: (typeof relations)[number]; proof: string }

/** Whoever is neither the applicant nor of the family shows by what right they take it. */
const shows = ({ relation }: Receiver) => relation === 'agent' || relation === 'other'
export const lacksProof = (receiver: Receiver) => shows(receiver) && !receiver.proof.trim()
export const receiverBody = ({ name, relation, proof }: Receiver) => ({ name: name.trim(), relation, ...(proof.trim() && relation !== 'self' ? { proof: proof.trim() } : {}) })

interface ReceiverFieldsProps { value: Receiver; onChange: (value: Receiver) => void; wrong: (name: 'receiver' | 'proof') => string | undefined }

/** Who signs for the result at the counter. */
export function ReceiverFields({ value, onChange, wrong }: ReceiverFieldsProps) {
  const { t } = useTranslation('officer')
  return (
    <>
      <TextInput id="act-receiver" label={t('act.receiver')} maxLength={200} value={value.name} error={wrong('receiver')} onChange={(event) => onChange({ ...value, name: event.currentTarget.value })} />
      <NativeSelect
        id="act-relation" label={t('act.relation')} value={value.relation} data={relations.map((id) => ({ value: id, label: t(`act.relations.${id}`) }))}
        onChange={(event) => onChange({ ...value, relation: relations.find((id) => id === event.currentTarget.value) ?? 'self' })}
      />
      {value.relation === 'self' ? null : (
        <TextInput id="act-proof" label={t('act.proof')} maxLength={300} value={value.proof} error={wrong('proof')} onChange={(event) => onChange({ ...value, proof: event.currentTarget.value })} />
      )}
    </>
  )
}
