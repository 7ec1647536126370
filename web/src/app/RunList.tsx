import { CloseCircleOutlined, RedoOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { Run } from '../api/types'
import { Dot, Progress } from './bits'
import { bytes, num } from './format'
import { may, useMe } from './session'
import { statusTone } from './status'

/** RunList shows work in progress: step, how far, and how to stop it. */
export function RunList({ runs }: { runs: Run[] }) {
  const { t } = useTranslation()
  const me = useMe()
  return (
    <ul className="runs">
      {runs.map((r) => {
        const step = r.step || r.steps.at(-1)?.name
        const of = r.progress.unit === 'bytes' ? bytes : num
        return (
          <li key={r.id}>
            <span className="run-what"><b>{r.subject || t(`run.kind_${r.kind.replaceAll('.', '_')}`, r.kind)}</b><small>{t(`run.kind_${r.kind.replaceAll('.', '_')}`, r.kind)}{step ? ` · ${t(`step.${step}`, step)}` : ''}</small></span>
            <span className="run-bar"><Progress done={r.progress.done} total={r.progress.total} label={r.subject} /><small className="num">{r.progress.total > 0 ? `${of(r.progress.done)} / ${of(r.progress.total)}` : r.progress.done > 0 ? of(r.progress.done) : ''}</small></span>
            <Dot tone={statusTone[r.state] ?? 'run'}>{t(`run.state_${r.state}`, r.state)}</Dot>
            {me && (r.account === me.account || may(me, 'manage_runs')) ? <RunActions run={r} /> : <span />}
          </li>
        )
      })}
    </ul>
  )
}

export function RunActions({ run }: { run: Run }) {
  const { t } = useTranslation()
  const { modal, message } = App.useApp()
  const queries = useQueryClient()
  const act = async (f: () => Promise<unknown>) => {
    try {
      await f()
      await queries.invalidateQueries({ queryKey: ['runs'] })
      await queries.invalidateQueries({ queryKey: ['run'] })
    } catch (e) {
      void message.error(e instanceof Error ? e.message : String(e))
    }
  }
  if (run.state === 'running' || run.state === 'waiting') {
    return <Button size="small" type="text" icon={<CloseCircleOutlined />} onClick={() => modal.confirm({ title: t('run.cancel_title', { name: run.subject }), content: t('run.cancel_text'), okText: t('run.cancel'), okButtonProps: { danger: true }, onOk: () => act(() => hub.cancelRun(run.id)) })}>{t('run.cancel')}</Button>
  }
  if (run.state === 'failed' || run.state === 'cancelled') return <Button size="small" type="text" icon={<RedoOutlined />} onClick={() => void act(() => hub.retryRun(run.id))}>{t('run.retry')}</Button>
  return null
}
