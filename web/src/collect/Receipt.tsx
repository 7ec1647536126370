// A receipt: the acknowledgement that rows would survive a power cut.
import { ArrowRightOutlined, CheckCircleFilled, ClockCircleFilled, CloseCircleFilled, CopyOutlined, PrinterOutlined } from '@ant-design/icons'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { Batch } from '../api/types'
import { Code, Dot, Facts, Who } from '../app/bits'
import { useCopy } from '../app/copy'
import { fullTime, num } from '../app/format'
import { Says } from '../app/states'
import type { Item } from './machine'
import { statusTone } from '../app/status'

export function Receipts({ item, onNext }: { item: Item; onNext: () => void }) {
  const { t } = useTranslation()
  const batches = item.batches ?? []
  if (batches.length === 0) return <Says icon={<CheckCircleFilled />} title={t('receipt.none')} text={t('receipt.none_text')} action={<Link to="/batches">{t('menu.batches')}</Link>} />
  return (
    <div className="receipts">
      {batches.map((b) => <ReceiptCard key={b.id} batch={b} />)}
      <div className="receipts-next no-print">
        <Button icon={<PrinterOutlined />} onClick={() => window.print()}>{t('common.print')}</Button>
        <Button onClick={onNext}>{t('receipt.next')} <ArrowRightOutlined /></Button>
      </div>
    </div>
  )
}

export function ReceiptCard({ batch: b, bare }: { batch: Batch; bare?: boolean }) {
  const { t } = useTranslation()
  const copy = useCopy()
  const good = b.status === 'landed' || b.status === 'kept_as_object' || b.status === 'unchanged'
  const Icon = good ? CheckCircleFilled : b.status === 'waiting' || b.status === 'running' ? ClockCircleFilled : CloseCircleFilled
  return (
    <section className={`receipt receipt-${statusTone[b.status] ?? 'off'} ${bare ? 'bare' : ''}`} aria-label={t('receipt.title')}>
      <header>
        <Icon className="receipt-icon" aria-hidden />
        <div>
          <h3>{t(`receipt.head_${b.status}`, t(`status.${b.status}`, b.status))}</h3>
          <p>{b.dataset_name || b.file}{b.reason && <> · {b.reason}</>}</p>
        </div>
        <Button type="text" icon={<CopyOutlined />} className="no-print" onClick={() => copy(asText(t, b))}>{t('receipt.copy')}</Button>
      </header>
      {b.status !== 'kept_as_object' && <div className="receipt-sum">
        <div><b className="num">{num(b.rows_in)}</b><span>{t('receipt.in')}</span></div><i aria-hidden="true">=</i>
        <div><b className="num ok">{num(b.rows_landed)}</b><span>{t('receipt.landed')}</span></div><i aria-hidden="true">+</i>
        <div><b className={`num ${b.rows_quarantined > 0 ? 'warn' : ''}`}>{num(b.rows_quarantined)}</b><span>{t('receipt.held')}</span></div>
      </div>}
      {b.status === 'kept_as_object' && <p className="receipt-kept">{t('object.sub')}</p>}
      <Facts columns={2} items={[
        [t('receipt.batch'), <Code key="b">{b.id}</Code>],
        [t('common.status'), <Dot key="s" tone={statusTone[b.status] ?? 'off'}>{t(`status.${b.status}`, b.status)}</Dot>],
        [t('common.file'), <>{b.file}{b.member && <> · {b.member}</>}</>],
        [t('receipt.sql'), b.sql ? <Code key="q">{b.sql}</Code> : '—'],
        ['SHA-256', <Code key="h" cut={18}>{b.sha256}</Code>],
        [t('receipt.snapshot'), b.snapshot ? <Code key="n" cut={12}>{String(b.snapshot)}</Code> : '—'],
        [t('common.who'), <Who key="w" account={b.account} name={b.account_name} />],
        [t('common.when'), fullTime(b.at)],
        ...(b.department ? [[t('common.department'), b.department_name ?? b.department] as [string, string]] : []),
      ]} />
      <div className="receipt-go no-print">
        {b.dataset && b.status !== 'kept_as_object' && <Link className="go" to="/datasets/$id" params={{ id: b.dataset }} search={{ tab: 'rows' }}>{t('receipt.see_rows')} <ArrowRightOutlined aria-hidden /></Link>}
        {b.dataset && b.status !== 'kept_as_object' && <Link className="go" to="/datasets/$id" params={{ id: b.dataset }} search={{}}>{t('receipt.see_dataset')}</Link>}
        {b.status === 'kept_as_object' && <Link className="go" to="/objects/$sha256" params={{ sha256: b.sha256 }}>{t('receipt.see_object')}</Link>}
        {b.rows_quarantined > 0 && <Link className="go" to="/quarantine" search={{ batch: b.id }}>{t('receipt.see_held', { n: num(b.rows_quarantined) })}</Link>}
      </div>
    </section>
  )
}

function asText(t: TFunction, b: Batch): string {
  return [
    `${t('receipt.title')} ${b.id}`,
    `${t('common.file')}: ${b.file}${b.member ? ` · ${b.member}` : ''}`,
    `SHA-256: ${b.sha256}`,
    `${t('receipt.dataset')}: ${b.dataset_name ?? ''} ${b.sql ?? ''}`,
    `${t('receipt.in')} ${b.rows_in} = ${t('receipt.landed')} ${b.rows_landed} + ${t('receipt.held')} ${b.rows_quarantined}`,
    `${t('receipt.snapshot')}: ${b.snapshot ?? ''}`,
    `${t('common.status')}: ${t(`status.${b.status}`, b.status)} ${b.reason ?? ''}`,
    `${t('common.who')}: ${b.account_name ? `${b.account_name} (${b.account})` : b.account} ${fullTime(b.at)}`,
  ].join('\n')
}
