import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { ServiceRow } from '@/api/types'
import { Icon } from '@/components/Icon'
import { fieldName, mainManner, useFacts } from './facts'

/** Services to choose from; the whole card leads there, its name is the link. */
export function ServiceList({ services, brief = false }: { services: readonly ServiceRow[]; brief?: boolean }) {
  const { t } = useTranslation()
  const facts = useFacts()
  return (
    <ul className="cards">
      {services.map((service) => {
        const manner = mainManner(service)
        return (
          <li key={service.code} className="card card-link">
            <p className="card-over">{fieldName(service.field)}</p>
            <Link to={`/thu-tuc/${service.code}`} className="card-title">{service.name}</Link>
            {service.summary && !brief ? <p className="card-text">{service.summary}</p> : null}
            <p className="card-facts">
              {manner ? <span><Icon name="clock" size={16} /> {facts.limit(manner.limit)}</span> : null}
              {manner ? <span>{facts.fees(manner)[0]}</span> : null}
              <span>{service.counter_only ? t('level.information') : t(`level.${service.level}`)}</span>
            </p>
          </li>
        )
      })}
    </ul>
  )
}
