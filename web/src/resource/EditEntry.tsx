// Changing an entry: its name, owner, words, and what happens when a delivery differs.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Drawer, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { DatasetChange, DatasetDetail, DriftPolicy } from '../api/types'
import { Failure } from '../app/states'
import { policyKinds } from './Overview'

export function EditEntry({ d, open, onClose }: { d: DatasetDetail; open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const [form] = Form.useForm<{ name: string; department?: string; theme?: string; description?: string; status: DatasetDetail['status']; policy: DriftPolicy }>()
  const departments = useQuery({ queryKey: ['departments'], queryFn: hub.departments, staleTime: 300_000, enabled: open })
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const save = async () => {
    const v = await form.validateFields()
    setBusy(true)
    setError(null)
    try {
      const policy = { ...d.policy, ...Object.fromEntries(Object.entries(v.policy ?? {}).filter(([, x]) => x)) } as DriftPolicy
      const change: DatasetChange = { name: v.name, department: v.department ?? '', theme: v.theme ?? '', description: v.description ?? '', status: v.status, policy }
      queries.setQueryData(['dataset', d.id], await hub.changeDataset(d.id, change))
      await Promise.all(['datasets', 'changes'].map((k) => queries.invalidateQueries({ queryKey: [k] })))
      void message.success(t('common.saved'))
      onClose()
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Drawer open={open} onClose={onClose} size={560} title={t('dataset.edit')} destroyOnHidden extra={<Button type="primary" loading={busy} onClick={() => void save()}>{t('common.save')}</Button>}>
      {error !== null && <Failure error={error} compact />}
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ name: d.name, department: d.department || undefined, theme: d.theme, description: d.description, status: d.status, policy: d.policy }}>
        <Form.Item name="name" label={t('target.name')} rules={[{ required: true, message: t('dataset.need_name') }]}><Input maxLength={200} /></Form.Item>
        <Form.Item name="department" label={t('common.department')}><Select aria-label={t('common.department')} allowClear showSearch={{ optionFilterProp: 'label' }} options={(departments.data ?? []).map((x) => ({ value: x.id, label: x.name }))} /></Form.Item>
        <Form.Item name="theme" label={t('dataset.theme')}><Input maxLength={100} /></Form.Item>
        <Form.Item name="description" label={t('dataset.description')}><Input.TextArea autoSize={{ minRows: 3, maxRows: 8 }} maxLength={4000} /></Form.Item>
        <Form.Item name="status" label={t('common.status')}><Select aria-label={t('common.status')} options={['draft', 'published', 'retired'].map((s) => ({ value: s, label: t(`entry.${s}`) }))} /></Form.Item>
        <h3>{t('policy.title')}</h3>
        <p className="muted">{t('policy.text')}</p>
        {policyKinds.map((k) => <Form.Item key={k} name={['policy', k]} label={t(`policy.${k}`)} layout="horizontal" className="policy-item"><Select aria-label={t(`policy.${k}`)} allowClear placeholder={t('decision.default')} options={['accept', 'evolve', 'quarantine', 'ask'].map((v) => ({ value: v, label: t(`decision.${v}`) }))} /></Form.Item>)}
      </Form>
    </Drawer>
  )
}
