import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { DatasetDetail } from '../api/types'
import { Chip, When, Who, type Tone } from '../app/bits'
import { Empty, Loaded } from '../app/states'
import { Pager, usePager } from '../table/DataTable'

const tone: Record<string, Tone> = { created: 'ok', landed: 'ok', evolved: 'violet', edited: 'run', rolled_back: 'warn', mended: 'run', discarded: 'off' }

export function Changes({ d }: { d: DatasetDetail }) {
  const { t } = useTranslation()
  const pager = usePager()
  const changes = useQuery({ queryKey: ['changes', d.id, pager.after], queryFn: () => hub.changes(d.id, { after: pager.after, limit: 50 }) })
  return (
    <Loaded of={changes}>{(page) => (
      page.items.length === 0 ? <Empty title={t('changes.empty')} /> : (
        <>
          <ol className="timeline timeline-plain">
            {page.items.map((c) => (
              <li key={c.id}>
                <span className="timeline-when"><When at={c.at} /><small><Who account={c.account} name={c.account_name} /></small></span>
                <span className="timeline-dot" aria-hidden="true" />
                <div className="timeline-what">
                  <p><Chip tone={tone[c.kind] ?? 'off'}>{t(`change.${c.kind}`, c.kind)}</Chip> {c.text}</p>
                  {(c.before || c.after) && <p className="diff"><del>{c.before || '—'}</del><span aria-hidden="true">→</span><ins>{c.after || '—'}</ins></p>}
                  {c.batch && <p className="muted"><Link to="/batches" search={{ row: c.batch }}>{c.batch}</Link></p>}
                </div>
              </li>
            ))}
          </ol>
          <Pager pager={pager} shown={page.items.length} next={page.next} total={page.total_estimate} />
        </>
      )
    )}</Loaded>
  )
}
