// Files out of a drop or a picker, folders walked, with their paths inside.

export interface Dropped { file: File; path: string }

/** fromDrop walks every file and folder of a drop. Call it in the event: the list is gone after. */
export async function fromDrop(data: DataTransfer): Promise<Dropped[]> {
  const entries = [...data.items].map((i) => (i.kind === 'file' ? i.webkitGetAsEntry() : null)).filter((e) => e !== null)
  if (entries.length === 0) return [...data.files].map((file) => ({ file, path: file.name }))
  const out: Dropped[] = []
  for (const e of entries) await walk(e, '', out)
  return out.filter(wanted)
}

export function fromPicker(files: FileList): Dropped[] {
  return [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name })).filter(wanted)
}

/** wanted leaves out what systems strew into folders. */
export const wanted = ({ path }: { path: string }) => !/(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX\/.*|~\$[^/]*)$/i.test(path)

async function walk(e: FileSystemEntry, under: string, out: Dropped[]): Promise<void> {
  if (e.isFile) {
    const file = await new Promise<File>((ok, no) => (e as FileSystemFileEntry).file(ok, no))
    out.push({ file, path: under + e.name })
    return
  }
  const reader = (e as FileSystemDirectoryEntry).createReader()
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((ok, no) => reader.readEntries(ok, no))
    if (some.length === 0) return
    for (const s of some) await walk(s, `${under}${e.name}/`, out)
  }
}
