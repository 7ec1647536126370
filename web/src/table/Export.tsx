import { DownloadOutlined } from '@ant-design/icons'
import { App, Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Col } from './DataTable'
import { everything, saveText, toCsv } from './csv'

/** Export writes a whole list, not only the page on screen, as CSV. */
export function Export<T>({ name, columns, page }: { name: string; columns: Col<T>[]; page: (after: string | undefined) => Promise<{ items: T[]; next?: string }> }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    try {
      const rows = await everything(page)
      saveText(`${name}.csv`, toCsv(columns, rows))
      void message.success(t('table.exported', { n: rows.length }))
    } catch (e) {
      void message.error(e instanceof Error ? e.message : String(e))
    } finally {
      setBusy(false)
    }
  }
  return <Button icon={<DownloadOutlined />} loading={busy} onClick={() => void run()}>{t('table.export')}</Button>
}
