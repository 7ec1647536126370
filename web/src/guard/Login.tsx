// The way in.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, Form, Input } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/client'
import { hub } from '../api/hub'
import type { DemoAccount } from '../api/types'
import { meQuery } from '../app/session'
import { LangSwitch } from '../app/Shell'
import { useUrl } from '../app/url'
import { Art } from './Art'

export default function Login() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [query] = useUrl()
  const [form] = Form.useForm<{ account: string; password: string }>()
  const [error, setError] = useState<ApiError | null>(null)
  const [busy, setBusy] = useState(false)
  const said = useRef<HTMLDivElement>(null)
  const me = useQuery(meQuery)
  const demo: DemoAccount[] = me.error instanceof ApiError ? (me.error.problem.demo ?? []) : []
  useEffect(() => { document.title = `${t('login.title')} · ${t('brand.name')}` }, [t])
  useEffect(() => { if (error) said.current?.focus() }, [error])
  const enter = async (v: { account: string; password: string }) => {
    setBusy(true)
    setError(null)
    try {
      const now = await hub.login(v.account.trim(), v.password)
      queries.clear()
      queries.setQueryData(['me'], now)
      const to = query.next?.startsWith('/') && !query.next.startsWith('//') ? query.next : '/'
      void navigate({ href: to, replace: true } as never)
    } catch (e) {
      setError(e instanceof ApiError ? e : new ApiError(0, { detail: String(e) }))
    } finally {
      setBusy(false)
    }
  }
  const wrong = error?.signedOut || error?.denied
  return (
    <div className="login">
      <section className="login-brand" aria-label={t('brand.name')}>
        <Art />
        <div className="login-words">
          <p className="login-mark"><img src="/favicon.svg" alt="" width={44} height={44} /><span>{t('brand.name')}</span><small>{t('brand.latin')}</small></p>
          <p className="login-line">{t('brand.line')}</p>
          <ul>{(['any', 'lost', 'origin'] as const).map((k) => <li key={k}>{t(`upload.fact_${k}`)}</li>)}</ul>
        </div>
      </section>
      <main className="login-form" id="main">
        <div className="login-lang"><LangSwitch /></div>
        <div className="login-box">
          <h1>{t('login.title')}</h1>
          <p className="muted">{t('login.text')}</p>
          {error && (
            <div className="form-error" role="alert" tabIndex={-1} ref={said}>
              <b>{error.offline ? t('state.offline') : error.problem.code === 'locked' ? t('login.locked') : wrong ? t('login.wrong') : error.problem.title || t('state.failed')}</b>
              <p>{error.offline ? t('state.offline_text') : wrong ? t('login.wrong_text') : error.problem.hint || error.message}</p>
            </div>
          )}
          <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => void enter(v)} size="large">
            <Form.Item name="account" label={t('login.account')} rules={[{ required: true, message: t('login.need_account') }]}><Input autoFocus autoComplete="username" autoCapitalize="none" spellCheck={false} /></Form.Item>
            <Form.Item name="password" label={t('login.password')} rules={[{ required: true, message: t('login.need_password') }]}><Input.Password autoComplete="current-password" /></Form.Item>
            <Button type="primary" htmlType="submit" block loading={busy}>{t('login.enter')}</Button>
          </Form>
          {demo.length > 0 && (
            <section className="login-demo" aria-label={t('login.demo')}>
              <h2>{t('login.demo')}</h2>
              <ul>{demo.map((d) => <li key={d.account}><button type="button" onClick={() => { form.setFieldsValue({ account: d.account, password: d.password }); void enter(d) }}><b>{d.name}</b><code>{d.account}</code><span>{t(`role.${d.role}`, d.role)}</span></button></li>)}</ul>
            </section>
          )}
        </div>
        <p className="login-foot">{t('login.foot')}</p>
      </main>
    </div>
  )
}
