// 系统健康: what the doctor finds, where, and how to mend it.
import { CheckCircleFilled, CloseCircleFilled, MedicineBoxOutlined } from '@ant-design/icons'
import { useMutation } from '@tanstack/react-query'
import { Button } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import { Card, PageHead } from '../app/bits'
import { num, time } from '../app/format'
import { Failure, Skeleton } from '../app/states'

export default function Health() {
  const { t } = useTranslation()
  const [at, setAt] = useState('')
  const check = useMutation({ mutationFn: (quick: boolean) => hub.doctor(quick), onSuccess: () => setAt(new Date().toISOString()) })
  const { mutate } = check
  useEffect(() => mutate(true), [mutate])
  const r = check.data
  return (
    <>
      <PageHead title={t('menu.health')} trail={t('menu.system')} sub={t('health.sub')} actions={<>
        <Button loading={check.isPending && check.variables} onClick={() => mutate(true)}>{t('health.quick')}</Button>
        <Button type="primary" icon={<MedicineBoxOutlined />} loading={check.isPending && !check.variables} onClick={() => mutate(false)}>{t('health.full')}</Button>
      </>} />
      {check.isError && <Failure error={check.error} retry={() => mutate(true)} />}
      {check.isPending && !r && <Skeleton rows={5} />}
      {r && (
        <>
          <p className={`verdict ${r.ok ? 'ok' : 'bad'}`} role="status">{r.ok ? <CheckCircleFilled aria-hidden /> : <CloseCircleFilled aria-hidden />} {t(r.ok ? 'health.ok' : 'health.bad')} <small className="num">{t('state.as_of', { at: time(at) })}</small></p>
          <Card flush>
            <ul className="checks">
              {r.checks.map((c) => (
                <li key={c.name} className={c.ok ? '' : 'bad'}>
                  {c.ok ? <CheckCircleFilled className="ok" aria-label={t('health.good')} /> : <CloseCircleFilled className="bad" aria-label={t('health.wrong')} />}
                  <div><b>{t(`check.${c.name}`, c.name)}</b>
                    {c.problems.map((p, i) => <div key={i} className="check-problem"><p>{p.what}</p><p className="muted"><code>{p.where}</code></p><p>{p.mend}</p></div>)}</div>
                  <span className="num muted">{t('health.checked', { n: num(c.checked) })}</span>
                </li>
              ))}
            </ul>
          </Card>
        </>
      )}
    </>
  )
}
