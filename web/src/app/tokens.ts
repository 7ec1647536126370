// The design tokens, in one place: antd's theme and every style sheet read
// them from here (style sheets as --c-*, set on the root element at start).
import { theme, type ThemeConfig } from 'antd'

export const color = {
  primary: '#1659D9',
  primaryDark: '#0E46B4',
  primaryTint: '#E8F0FE',
  primaryInk: '#1149B0',
  bg: '#F2F5FA',
  card: '#FFFFFF',
  sunken: '#F6F8FC',
  hover: '#F5F8FF',
  line: '#E6EBF3',
  lineStrong: '#D5DCE8',
  control: '#C3CCDB',
  text: '#1A2333',
  text2: '#4B5872',
  text3: '#566179',
  placeholder: '#67728A',
  ok: '#0E8F63',
  okTint: '#E7F6F0',
  okInk: '#0A6B4A',
  warn: '#B86A00',
  warnTint: '#FFF3E0',
  warnInk: '#8F5200',
  bad: '#CF2E24',
  badTint: '#FDECEA',
  badInk: '#A8231B',
  greyTint: '#EEF1F6',
  violetTint: '#F1EBFD',
  violetInk: '#5B35B5',
} as const

const fontUi = "'PingFang SC','HarmonyOS Sans SC','Microsoft YaHei','Noto Sans CJK SC','Noto Sans SC',system-ui,sans-serif"

/** applyTokens makes the tokens CSS variables of the document. */
export function applyTokens(root: HTMLElement = document.documentElement): void {
  for (const [name, value] of Object.entries(color)) {
    root.style.setProperty(`--c-${name.replace(/[A-Z]/g, (m) => `-${m.toLowerCase()}`)}`, value)
  }
  root.style.setProperty('--font-ui', fontUi)
  root.style.setProperty('--font-num', `'Barlow Semi Condensed',${fontUi}`)
}

export const antTheme: ThemeConfig = {
  algorithm: theme.defaultAlgorithm,
  hashed: false,
  token: {
    colorPrimary: color.primary,
    colorInfo: color.primary,
    colorLink: color.primary,
    colorSuccess: color.ok,
    colorWarning: color.warn,
    colorError: color.bad,
    colorText: color.text,
    colorTextSecondary: color.text2,
    colorTextTertiary: color.text3,
    colorTextQuaternary: color.placeholder,
    colorTextPlaceholder: color.placeholder,
    colorTextDisabled: color.placeholder,
    colorTextDescription: color.text3,
    colorBgLayout: color.bg,
    colorBorder: color.lineStrong,
    colorBorderSecondary: color.line,
    borderRadius: 6,
    borderRadiusLG: 8,
    fontSize: 14,
    controlHeight: 34,
    fontFamily: fontUi,
    boxShadowTertiary: 'none',
  },
  components: {
    Menu: { itemHeight: 38, itemMarginInline: 10, itemSelectedBg: color.primaryTint, subMenuItemBg: 'transparent', groupTitleFontSize: 12, groupTitleColor: color.text3 },
    Tabs: { horizontalMargin: '0', titleFontSize: 15, horizontalItemGutter: 28 },
    Drawer: { paddingLG: 24 },
    Tooltip: { colorBgSpotlight: color.text },
    Segmented: { itemSelectedColor: color.primaryInk, trackBg: color.greyTint, itemColor: color.text2 },
  },
}
