import { Modal } from 'antd'
import { useTranslation } from 'react-i18next'

const keys: [string[], string][] = [
  [['/'], 'find'], [['Ctrl', 'K'], 'find_any'], [['g', 'w'], 'home'], [['g', 'u'], 'upload'], [['g', 't'], 'batches'], [['g', 'q'], 'quarantine'], [['g', 'd'], 'datasets'], [['g', 'x'], 'query'], [['g', 's'], 'audit'],
  [['j'], 'down'], [['k'], 'up'], [['x'], 'select'], [['Enter'], 'open'], [['Esc'], 'close'], [['?'], 'help'],
]

/** Help lists the keys. */
export function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Modal open={open} onCancel={onClose} footer={null} title={t('help.title')} width={560}>
      <dl className="keys">
        {keys.map(([k, name]) => <div key={name}><dt>{k.map((c, i) => <kbd key={i}>{c}</kbd>)}</dt><dd>{t(`help.${name}`)}</dd></div>)}
      </dl>
      <p className="muted">{t('help.note')}</p>
    </Modal>
  )
}
