// 上传与归集: drop anything, see what was found, set it right, land it.
import { CheckCircleOutlined, CloudUploadOutlined, FileAddOutlined, FolderOpenOutlined } from '@ant-design/icons'
import { App, Button } from 'antd'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { PageHead } from '../app/bits'
import { bytes, num } from '../app/format'
import { useKeys } from '../app/keyboard'
import { NoRight } from '../app/states'
import { may, useMe } from '../app/session'
import { useUrl } from '../app/url'
import { fromDrop, fromPicker, type Dropped } from './dropped'
import { asks } from './words'
import { FileList } from './FileList'
import { Review } from './Review'
import { uploader, useUploads } from './uploader'

export default function Upload() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const me = useMe()
  const items = useUploads()
  const [query, set] = useUrl()
  const [over, setOver] = useState(false)
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  useEffect(() => { if (me) uploader.start(me.account) }, [me])

  const add = useCallback((dropped: Dropped[]) => {
    if (dropped.length === 0) {
      void message.info(t('upload.nothing'))
      return
    }
    const keys = uploader.add(dropped)
    if (keys[0]) set({ file: keys[0] })
  }, [message, set, t])

  useEffect(() => {
    const hasFiles = (e: DragEvent) => e.dataTransfer?.types.includes('Files')
    let leave: ReturnType<typeof setTimeout> | undefined
    const onOver = (e: DragEvent) => { if (hasFiles(e)) { e.preventDefault(); clearTimeout(leave); setOver(true) } }
    const onLeave = () => { clearTimeout(leave); leave = setTimeout(() => setOver(false), 80) }
    const onDrop = (e: DragEvent) => {
      if (!e.dataTransfer || !hasFiles(e)) return
      e.preventDefault()
      setOver(false)
      void fromDrop(e.dataTransfer).then(add)
    }
    document.addEventListener('dragover', onOver)
    document.addEventListener('dragleave', onLeave)
    document.addEventListener('drop', onDrop)
    return () => {
      clearTimeout(leave)
      document.removeEventListener('dragover', onOver)
      document.removeEventListener('dragleave', onLeave)
      document.removeEventListener('drop', onDrop)
    }
  }, [add])

  const current = items.find((i) => i.key === query.file)
  const at = items.findIndex((i) => i.key === query.file)
  const step = (by: number) => () => { const to = items[Math.max(0, Math.min(items.length - 1, at + by))]; if (to) set({ file: to.key }) }
  useKeys({ j: step(1), k: step(-1), u: () => files.current?.click() })

  if (me && !may(me, 'land')) return <><PageHead title={t('menu.upload')} /><NoRight right="land" /></>
  const ready = items.filter((i) => i.stage === 'confirm' && !i.busy)
  const clear = ready.filter((i) => i.report?.tables.every((x) => asks(x) === 0))
  const done = items.filter((i) => i.stage === 'done')
  const picker = (
    <>
      <input ref={files} type="file" multiple hidden aria-hidden="true" tabIndex={-1} onChange={(e) => { if (e.target.files) add(fromPicker(e.target.files)); e.target.value = '' }} />
      <input ref={folder} type="file" multiple hidden aria-hidden="true" tabIndex={-1} {...{ webkitdirectory: '' }} onChange={(e) => { if (e.target.files) add(fromPicker(e.target.files)); e.target.value = '' }} />
    </>
  )
  const pick = (
    <>
      <Button icon={<FolderOpenOutlined />} onClick={() => folder.current?.click()}>{t('upload.pick_folder')}</Button>
      <Button type={items.length ? 'default' : 'primary'} icon={<FileAddOutlined />} onClick={() => files.current?.click()}>{t('upload.pick_files')}</Button>
    </>
  )
  return (
    <>
      <PageHead title={t('menu.upload')} trail={t('menu.collect')} actions={items.length > 0 && (
        <>
          {done.length > 0 && <Button type="text" onClick={() => uploader.clearDone()}>{t('upload.clear_done', { n: done.length })}</Button>}
          {pick}
          {clear.length > 1 && <Button type="primary" icon={<CheckCircleOutlined />} onClick={() => { for (const i of clear) void uploader.land(i.key, undefined, true) }}>{t('upload.land_all', { n: clear.length })}</Button>}
        </>
      )} />
      {picker}
      {items.length === 0 ? (
        <section className={`drop ${over ? 'over' : ''}`} aria-label={t('upload.drop')}>
          <span className="drop-art" aria-hidden="true"><CloudUploadOutlined /></span>
          <h2>{t('upload.drop')}</h2>
          <p>{t('upload.drop_text')}</p>
          <div className="drop-buttons">{pick}</div>
          <ul className="drop-facts">
            {(['any', 'lost', 'origin'] as const).map((k) => <li key={k}><b>{t(`upload.fact_${k}`)}</b><span>{t(`upload.fact_${k}_text`)}</span></li>)}
          </ul>
        </section>
      ) : (
        <div className={`desk ${current ? 'has-current' : ''}`}>
          <div className="desk-list">
            <FileList items={items} current={query.file} onPick={(key) => set({ file: key }, { push: true })} />
            <p className="desk-sum" aria-live="polite">{t('upload.sum', { n: num(items.length), size: bytes(items.reduce((s, i) => s + i.size, 0)), done: num(done.length), ready: num(ready.length) })}</p>
          </div>
          <div className="desk-main">{current ? <Review key={current.key} item={current} onBack={() => set({ file: undefined })} onNext={() => { const to = items.find((i) => i.key !== current.key && i.stage === 'confirm'); set({ file: to?.key }) }} /> : <div className="desk-none"><p>{t('upload.choose')}</p></div>}</div>
        </div>
      )}
      {over && items.length > 0 && <div className="drop-over" aria-hidden="true"><CloudUploadOutlined /><b>{t('upload.release')}</b></div>}
    </>
  )
}
