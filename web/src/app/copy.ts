import { App } from 'antd'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'

/** useCopy puts text on the clipboard and says so. */
export function useCopy(): (text: string) => void {
  const { t } = useTranslation()
  const { message } = App.useApp()
  return useCallback(
    (text: string) => {
      const done = () => void message.success(t('common.copied'))
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => void message.info(text))
      else void message.info(text)
    },
    [message, t],
  )
}
