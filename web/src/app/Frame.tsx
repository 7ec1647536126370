import { App, ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { antTheme } from './tokens'

const nonce = document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? ''

/** Frame gives everything inside the look, the language and the dialogs of antd. */
export function Frame({ children }: { children: ReactNode }) {
  const { i18n } = useTranslation()
  return (
    <ConfigProvider locale={i18n.language === 'en-US' ? enUS : zhCN} theme={antTheme} csp={{ nonce }} button={{ autoInsertSpace: false }} form={{ colon: false }}>
      <App className="app">{children}</App>
    </ConfigProvider>
  )
}
