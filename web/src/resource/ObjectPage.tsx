// A file that holds no table, kept as it came: what it is, and the text in it.
import { DownloadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import { Card, Code, Facts, PageHead } from '../app/bits'
import { bytes, fullTime } from '../app/format'
import { Loaded } from '../app/states'

export default function ObjectPage() {
  const { t } = useTranslation()
  const { sha256 } = useParams({ strict: false }) as { sha256: string }
  const object = useQuery({ queryKey: ['object', sha256], queryFn: () => hub.object(sha256) })
  return (
    <Loaded of={object}>{(o) => (
      <>
        <PageHead title={o.name.slice(o.name.lastIndexOf('/') + 1)} trail={t('object.trail')} sub={t('object.sub')} actions={<Button type="primary" icon={<DownloadOutlined />} href={hub.objectHref(sha256)} download={o.name}>{t('object.download')}</Button>} />
        <Card title={t('object.what')}>
          <Facts columns={2} items={[
            [t('object.type'), o.media_type], [t('dataset.size'), bytes(o.size_bytes)], ['SHA-256', <Code key="h" cut={22}>{o.sha256}</Code>], [t('common.who'), o.account], [t('common.when'), fullTime(o.at)], [t('common.department'), o.department],
            ...Object.entries(o.metadata).map(([k, v]): [string, string] => [k, v]),
          ]} />
          {o.names.length > 1 && <p className="muted">{t('object.names')}: {o.names.join(' · ')}</p>}
        </Card>
        {o.text && <Card title={t('object.text')}><pre className="object-text" tabIndex={0} aria-label={t('object.text')}>{o.text}</pre>{o.text_cut && <p className="muted">{t('object.cut')}</p>}</Card>}
      </>
    )}</Loaded>
  )
}
