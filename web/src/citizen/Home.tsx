import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { useCases, useMe, useServices } from '@/api/hooks'
import { Icon } from '@/components/Icon'
import { Loading } from '@/components/Loading'
import { ProblemView } from '@/components/Problems'
import { usePageTitle } from '@/components/usePage'
import { DossierList } from './DossierList'
import { SearchBox } from './SearchBox'
import { ServiceList } from './ServiceList'
import { Unfinished } from './Unfinished'
import './citizen.css'

function Frequent() {
  const { t } = useTranslation()
  const { rows, error, isPending, refetch } = useServices({ limit: '6' })
  return (
    <section aria-labelledby="frequent">
      <h2 id="frequent">{t('home.frequent')}</h2>
      {isPending ? <Loading /> : null}
      {error ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
      <ServiceList services={rows.slice(0, 6)} brief />
      <p><Link to="/thu-tuc" className="onward">{t('home.all_services')} <Icon name="right" size={16} /></Link></p>
    </section>
  )
}

function Mine() {
  const { t } = useTranslation()
  const { data: me } = useMe()
  const { rows, isPending, error, refetch } = useCases({ box: 'mine', limit: '3' }, Boolean(me))
  return (
    <section aria-labelledby="mine">
      <h2 id="mine">{t('home.mine')}</h2>
      {me ? (
        <>
          <Unfinished me={me} heading="h3" />
          {isPending ? <Loading /> : null}
          {error ? <ProblemView error={error} onRetry={() => void refetch()} /> : null}
          {!isPending && !error && rows.length === 0 ? <p>{t('home.mine_none')}</p> : <DossierList cases={rows} />}
          {rows.length > 0 ? <p><Link to="/ho-so" className="onward">{t('home.mine_all')} <Icon name="right" size={16} /></Link></p> : null}
        </>
      ) : (
        <div className="card">
          <p>{t('home.mine_sign_in')}</p>
          <div className="row">
            <Link to="/dang-nhap?ve=%2Fho-so" className="button">{t('nav.sign_in')}</Link>
            <Link to="/tra-cuu" className="onward">{t('home.mine_track')}</Link>
          </div>
        </div>
      )}
    </section>
  )
}

export default function Home() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  usePageTitle('')
  return (
    <>
      <div className="hero">
        <div className="hero-inside">
          <h1 className="visually-hidden">{t('app.name')} {t('app.city')}</h1>
          <SearchBox label={t('home.ask')} hint={t('home.ask_hint')} onSearch={(q) => void navigate(q ? `/thu-tuc?q=${encodeURIComponent(q)}` : '/thu-tuc')} />
        </div>
      </div>
      <div className="page">
        <Mine />
        <Frequent />
        <section aria-labelledby="street" className="card street">
          <h2 id="street"><Icon name="street" /> {t('home.street')}</h2>
          <p>{t('home.street_text')}</p>
          <p><a href="tel:1022" className="button button-plain"><Icon name="phone" /> {t('home.street_call')}</a></p>
        </section>
      </div>
    </>
  )
}
