import i18n from 'i18next'
import { initReactI18next } from 'react-i18next'
import en from '../locales/en-US.json'
import zh from '../locales/zh-CN.json'

export type Lang = 'zh-CN' | 'en-US'
const key = 'shuniu.lang'

/** savedLang is the language chosen before; Chinese when none was. */
export function savedLang(): Lang {
  try {
    return localStorage.getItem(key) === 'en-US' ? 'en-US' : 'zh-CN'
  } catch {
    return 'zh-CN'
  }
}

export function setLang(lang: Lang): void {
  try {
    localStorage.setItem(key, lang)
  } catch {
    // a browser that stores nothing forgets the choice; nothing else is lost
  }
  void i18n.changeLanguage(lang)
}

export const langOf = (): Lang => (i18n.language === 'en-US' ? 'en-US' : 'zh-CN')

void i18n.use(initReactI18next).init({
  lng: savedLang(),
  fallbackLng: 'zh-CN',
  resources: { 'zh-CN': { translation: zh }, 'en-US': { translation: en } },
  interpolation: { escapeValue: false },
  returnNull: false,
})

const mark = () => {
  document.documentElement.lang = langOf()
}
mark()
i18n.on('languageChanged', mark)

export default i18n
