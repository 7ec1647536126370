import { DeleteOutlined, PauseOutlined, PlayCircleOutlined, RedoOutlined } from '@ant-design/icons'
import { App, Button, Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { Dot, Progress } from '../app/bits'
import { bytes, num } from '../app/format'
import type { Item } from './machine'
import { uploader } from './uploader'
import { asks, landingTotal, sayFound, stageTone, useStage } from './words'

/** FileList is one card a file: where it stands and what can be done. */
export function FileList({ items, current, onPick }: { items: Item[]; current: string | undefined; onPick: (key: string) => void }) {
  const { t } = useTranslation()
  const stage = useStage()
  return (
    <ul className="files" aria-label={t('upload.files')}>
      {items.map((i) => {
        const slash = i.name.lastIndexOf('/')
        const questions = i.report?.tables.reduce((n, x) => n + asks(x), 0) ?? 0
        return (
          <li key={i.key} className={i.key === current ? 'on' : ''}>
            <button type="button" className="file-open" aria-current={i.key === current ? 'true' : undefined} onClick={() => onPick(i.key)}>
              <span className="file-name" title={i.name}>{slash >= 0 && <small>{i.name.slice(0, slash + 1)}</small>}{i.name.slice(slash + 1)}</span>
              <span className="file-line">
                <Dot tone={i.stage === 'confirm' && questions === 0 ? 'run' : stageTone[i.stage]}>{i.stage === 'confirm' && questions === 0 ? t('stage.ready') : stage(i)}</Dot>
                <span className="num muted">{bytes(i.size)}{i.rate && i.stage === 'uploading' ? ` · ${bytes(i.rate)}/s` : ''}</span>
              </span>
              {i.report && !i.report.refused && i.stage !== 'done' && <span className="file-sub">{sayFound(t, i.report)}</span>}
              {i.stage === 'done' && i.batches && <span className="file-sub">{t('receipt.line', { landed: num(i.batches.reduce((n, b) => n + b.rows_landed, 0)), held: num(i.batches.reduce((n, b) => n + b.rows_quarantined, 0)) })}</span>}
              {i.report?.refused && <span className="file-sub bad">{i.report.refused.message}</span>}
              {i.stage === 'lost' && <span className="file-sub">{t('upload.lost_short')}</span>}
              {i.stalled && <span className="file-sub warn">{t('state.offline')}</span>}
              {i.stage === 'failed' && <span className="file-sub bad">{i.fault?.detail}</span>}
              {(i.stage === 'uploading' || i.stage === 'paused') && <Progress done={i.offset} total={i.size} label={t('stage.uploading')} />}
              {i.stage === 'analysing' && <Progress done={0} total={0} label={t('stage.analysing')} />}
              {i.stage === 'landing' && <Progress done={i.done ?? 0} total={landingTotal(i)} label={t('stage.landing')} />}
            </button>
            <FileActions item={i} />
          </li>
        )
      })}
    </ul>
  )
}

function FileActions({ item }: { item: Item }) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const act = (label: string, icon: React.ReactNode, onClick: () => void) => (
    <Tooltip title={label}><Button type="text" size="small" icon={icon} aria-label={`${label} ${item.name}`} onClick={onClick} /></Tooltip>
  )
  const remove = () => {
    const going = item.stage === 'uploading' || item.stage === 'landing' || item.stage === 'paused'
    if (!going) uploader.remove(item.key)
    else modal.confirm({ title: t('upload.cancel_title', { name: item.name }), content: t(item.stage === 'landing' ? 'upload.cancel_landing' : 'upload.cancel_text'), okText: t('upload.cancel'), okButtonProps: { danger: true }, onOk: () => uploader.remove(item.key) })
  }
  return (
    <span className="file-actions">
      {(item.stage === 'uploading' || item.stage === 'waiting') && act(t('upload.pause'), <PauseOutlined />, () => uploader.pause(item.key))}
      {item.stage === 'paused' && act(t('upload.resume'), <PlayCircleOutlined />, () => uploader.resume(item.key))}
      {item.stage === 'failed' && act(t('state.retry'), <RedoOutlined />, () => uploader.retry(item.key))}
      {act(t(item.stage === 'done' ? 'upload.off_list' : 'upload.cancel'), <DeleteOutlined />, remove)}
    </span>
  )
}
