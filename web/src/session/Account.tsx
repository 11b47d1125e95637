import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useMe } from '@/api/hooks'
import { EmptyState } from '@/components/EmptyState'
import { useFormat } from '@/components/format'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { useChangePassword, useConfirmOtp, useEnrolOtp, useOwnAccount, useRemoveOtp, type OwnAccount } from './account'

function Secret({ id, label, value, onChange, fresh = false, description }: {
  id: string; label: string; value: string; onChange: (value: string) => void; fresh?: boolean; description?: string
}) {
  const { t } = useTranslation()
  return (
    <PasswordInput
      id={id} label={label} description={description} value={value} onChange={(event) => onChange(event.currentTarget.value)}
      autoComplete={fresh ? 'new-password' : 'current-password'} visibilityToggleButtonProps={{ 'aria-label': t('sign_in.show') }}
    />
  )
}

function Password({ account, due }: { account: OwnAccount; due: boolean }) {
  const { t } = useTranslation()
  const format = useFormat()
  const change = useChangePassword()
  const [password, setPassword] = useState('')
  const [fresh, setFresh] = useState('')
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    change.mutate({ password, new_password: fresh }, { onSuccess: () => { setPassword(''); setFresh('') } })
  }
  return (
    <section aria-labelledby="password-title">
      <h2 id="password-title">{t('account.password')}</h2>
      {due ? <p className="must">{t('account.password_due')}</p> : null}
      {account.password_at ? <p>{t('account.password_at', { at: format.day(account.password_at) })}</p> : null}
      {change.error ? <ProblemView error={change.error} /> : null}
      {change.isSuccess ? <p role="status">{t('account.password_done')}</p> : null}
      <form onSubmit={submit} className="fields">
        <Secret id="password-now" label={t('account.password_now')} value={password} onChange={setPassword} />
        <Secret id="password-new" label={t('account.password_new')} description={t('account.password_rules', account.rules)} value={fresh} onChange={setFresh} fresh />
        <div><Button type="submit" loading={change.isPending} disabled={!password || !fresh}>{t('account.password_submit')}</Button></div>
      </form>
    </section>
  )
}

/** The square code and its text for those who cannot scan; both are shown this once. */
function Confirm({ begun, confirm }: { begun: { secret: string; qr: { size: number; path: string } }; confirm: ReturnType<typeof useConfirmOtp> }) {
  const { t } = useTranslation()
  const [otp, setOtp] = useState('')
  const { size, path } = begun.qr
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    confirm.mutate({ otp: otp.trim() })
  }
  return (
    <>
      <p>{t('account.otp_scan')}</p>
      <svg viewBox={`-2 -2 ${size + 4} ${size + 4}`} width={232} height={232} role="img" aria-label={t('account.otp_qr')} className="qr">
        <path d={path} />
      </svg>
      <p>{t('account.otp_by_hand')} <code>{begun.secret.match(/.{1,4}/g)?.join(' ')}</code></p>
      {confirm.error ? <ProblemView error={confirm.error} /> : null}
      <form onSubmit={submit} className="fields">
        <TextInput id="otp" label={t('account.otp_code')} value={otp} onChange={(event) => setOtp(event.currentTarget.value)} inputMode="numeric" autoComplete="one-time-code" />
        <div><Button type="submit" loading={confirm.isPending} disabled={otp.trim().length < 6}>{t('account.otp_confirm')}</Button></div>
      </form>
    </>
  )
}

function Codes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const { t } = useTranslation()
  return (
    <div role="status">
      <p>{t('account.codes_text')}</p>
      <ul className="codes">{codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul>
      <div className="row">
        <Button variant="default" onClick={() => window.print()}>{t('account.codes_print')}</Button>
        <Button onClick={onDone}>{t('account.codes_done')}</Button>
      </div>
    </div>
  )
}

function SecondFactor({ account, due }: { account: OwnAccount; due: boolean }) {
  const { t } = useTranslation()
  const enrol = useEnrolOtp()
  const remove = useRemoveOtp()
  // Here, not in the form: that is gone as soon as the account is read again, and the codes are shown only once.
  const confirm = useConfirmOtp()
  const codes = confirm.data?.recovery_codes
  const [password, setPassword] = useState('')
  const { enrolled, compulsory, recovery_left } = account.otp
  const leaving = enrolled && !compulsory
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    const act = leaving ? remove : enrol
    act.mutate({ password }, { onSuccess: () => setPassword('') })
  }
  return (
    <section aria-labelledby="otp-title">
      <h2 id="otp-title">{t('account.otp')}</h2>
      {due ? <p className="must">{t('account.otp_due')}</p> : null}
      <p>{t(enrolled ? 'account.otp_on' : 'account.otp_off')} {enrolled ? t('account.recovery_left', { count: recovery_left }) : null}</p>
      {codes ? <Codes codes={codes} onDone={() => { confirm.reset(); enrol.reset() }} /> : null}
      {!codes && enrol.data && !enrolled ? <Confirm begun={enrol.data} confirm={confirm} /> : null}
      {!codes && (leaving || (!enrolled && !enrol.data)) ? (
        <>
          {enrol.error ?? remove.error ? <ProblemView error={enrol.error ?? remove.error} /> : null}
          <form onSubmit={submit} className="fields">
            <Secret id="otp-password" label={t('account.password_now')} value={password} onChange={setPassword} />
            <div>
              <Button type="submit" variant={leaving ? 'default' : 'filled'} loading={enrol.isPending || remove.isPending} disabled={!password}>
                {t(leaving ? 'account.otp_remove' : 'account.otp_begin')}
              </Button>
            </div>
          </form>
        </>
      ) : null}
    </section>
  )
}

/** One's own account: its password and its second factor. What must be done first is said first. */
export default function Account() {
  const { t } = useTranslation()
  const { data: me } = useMe()
  const { data: account, error, isPending, refetch } = useOwnAccount()
  usePageTitle(t('account.title'))
  if (isPending) return <div className="page page-narrow"><Loading /></div>
  if (error) return <div className="page page-narrow"><ProblemView error={error} onRetry={() => void refetch()} /></div>
  if (!me) return <div className="page page-narrow"><EmptyState title={t('sign_in.needed')} /></div>
  return (
    <div className="page page-narrow">
      <h1>{t('account.title')}</h1>
      <p>{me.party.name} · {account.user}</p>
      {me.duties.length > 0 ? <p role="status" className="must">{t('account.duties')}</p> : null}
      <Password account={account} due={me.duties.includes('change-password')} />
      <SecondFactor account={account} due={me.duties.includes('enrol-otp')} />
    </div>
  )
}
