import { App, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useQueryClient } from '@tanstack/react-query'
import { hub } from '../api/hub'
import { Failure } from './states'

/** Password changes the caller's own password. */
export function Password({ open, forced, onClose }: { open: boolean; forced: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const [form] = Form.useForm<{ old: string; changed: string; again: string }>()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const save = async () => {
    const v = await form.validateFields()
    setBusy(true)
    setError(null)
    try {
      await hub.changePassword(v.old, v.changed)
      void message.success(t('password.done'))
      form.resetFields()
      await queries.invalidateQueries({ queryKey: ['me'] })
      onClose()
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal open={open} title={t('password.title')} okText={t('common.save')} confirmLoading={busy} closable={!forced} mask={{ closable: !forced }} cancelButtonProps={forced ? { style: { display: 'none' } } : {}} onCancel={onClose} onOk={() => void save()} destroyOnHidden>
      {forced && <p>{t('password.forced')}</p>}
      {error !== null && <Failure error={error} compact />}
      <Form form={form} layout="vertical" requiredMark={false}>
        <Form.Item name="old" label={t('password.old')} rules={[{ required: true, message: t('password.need') }]}><Input.Password autoComplete="current-password" /></Form.Item>
        <Form.Item name="changed" label={t('password.new')} rules={[{ required: true, min: 8, message: t('password.short') }]}><Input.Password autoComplete="new-password" /></Form.Item>
        <Form.Item name="again" label={t('password.again')} dependencies={['changed']} rules={[({ getFieldValue }) => ({ validator: (_, v) => (v === getFieldValue('changed') ? Promise.resolve() : Promise.reject(new Error(t('password.differ')))) })]}><Input.Password autoComplete="new-password" /></Form.Item>
      </Form>
    </Modal>
  )
}
