import { App, ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { antTheme } from './tokens'

const nonce = document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? ''

// Some of antd's parts (the scroll lock of drawers) write a <style> without the
// nonce they were given; every style element that a script makes gets it here.
if (nonce) {
  const make = document.createElement.bind(document)
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const e = make(name, options)
    if (name === 'style') e.nonce = nonce
    return e
  }) as typeof document.createElement
}

// Motion is off for those who ask their system for less of it.
const still = typeof matchMedia === 'function' && matchMedia('(prefers-reduced-motion: reduce)').matches
const look = still ? { ...antTheme, token: { ...antTheme.token, motion: false } } : antTheme

/** Frame gives everything inside the look, the language and the dialogs of antd. */
export function Frame({ children }: { children: ReactNode }) {
  const { i18n } = useTranslation()
  return (
    <ConfigProvider locale={i18n.language === 'en-US' ? enUS : zhCN} theme={look} csp={{ nonce }} button={{ autoInsertSpace: false }} form={{ colon: false }}>
      <App className="app">{children}</App>
    </ConfigProvider>
  )
}
