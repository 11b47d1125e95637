import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, useSearchParams } from 'react-router'
import { isOfficer, useMe } from '@/api/hooks'
import { Problem } from '@/api/http'
import { ErrorSummary, ProblemView, type SummaryError } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { useSignIn, wayBack } from './session'

export default function SignIn() {
  const { t } = useTranslation()
  const [search] = useSearchParams()
  const back = wayBack(search.get('ve'))
  const { data: me } = useMe()
  const signIn = useSignIn(back)
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const [otp, setOtp] = useState('')
  const [missing, setMissing] = useState<SummaryError[]>([])
  usePageTitle(t('sign_in.title'))
  const code = signIn.error instanceof Problem ? signIn.error.code : null
  // Asked for once the password fits; it stays while its code is being mended.
  const [asked, setAsked] = useState(false)
  if (!asked && code === 'otp-required') setAsked(true)

  if (me && !signIn.isPending) return <Navigate to={me.duties.length > 0 ? '/tai-khoan' : (back ?? (isOfficer(me) ? '/can-bo' : '/'))} replace />

  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    const wrong: SummaryError[] = []
    if (!user.trim()) wrong.push({ target: 'user', message: t('sign_in.user_missing') })
    if (!password) wrong.push({ target: 'password', message: t('sign_in.password_missing') })
    if (asked && !otp.trim()) wrong.push({ target: 'otp', message: t('sign_in.otp_missing') })
    setMissing(wrong)
    if (wrong.length === 0) signIn.mutate({ user: user.trim(), password, otp: asked ? otp.trim() : undefined })
  }
  const messageFor = (target: string) => missing.find((error) => error.target === target)?.message

  return (
    <div className="page page-narrow">
      <h1>{t('sign_in.title')}</h1>
      <p>{back ? t('sign_in.needed') : t('sign_in.intro')}</p>
      <ErrorSummary errors={missing} />
      {signIn.error && code !== 'otp-required' ? <ProblemView error={signIn.error} /> : null}
      <form onSubmit={submit} noValidate className="fields">
        <TextInput
          id="user" label={t('sign_in.user')} description={t('sign_in.user_hint')} value={user} error={messageFor('user')}
          onChange={(event) => setUser(event.currentTarget.value)} autoComplete="username" autoCapitalize="none" spellCheck={false}
        />
        <PasswordInput
          id="password" label={t('sign_in.password')} value={password} error={messageFor('password')}
          onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': t('sign_in.show') }}
        />
        {asked ? (
          <TextInput
            id="otp" label={t('sign_in.otp')} description={t('sign_in.otp_hint')} value={otp} error={messageFor('otp')} ref={(input) => { if (input && !otp && document.activeElement === document.body) input.focus() }}
            onChange={(event) => setOtp(event.currentTarget.value)} autoComplete="one-time-code" autoCapitalize="none" spellCheck={false}
          />
        ) : null}
        <div><Button type="submit" loading={signIn.isPending}>{t('sign_in.submit')}</Button></div>
      </form>
    </div>
  )
}
