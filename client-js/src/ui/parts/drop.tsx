/** Owns that files can be dropped anywhere on the page, or pasted: a highlight over everything says where they would go. */
import { useEffect, useState } from 'preact/hooks'
import { type FileCommands, filesAtOnceMax, type Model } from '../model.ts'
import { dropped, holdsFiles } from '../picked.ts'
import { text } from '../text.ts'

type Props = { model: Model; room: string; ready: boolean; commands: FileCommands }

const refusedMs = 8_000

export const Drop = ({ model, room, ready, commands }: Props) => {
  const [over, setOver] = useState(false)
  const refused = model.tooManyFiles.value
  useEffect(() => {
    if (!refused) return
    const timer = setTimeout(() => {
      model.tooManyFiles.value = false
    }, refusedMs)
    return () => clearTimeout(timer)
  }, [refused])
  useEffect(() => listen({ setOver, share: commands.share }), [commands.share])
  return (
    <>
      <div class="drop-refused" role="alert">
        {refused && <p>{text().files.tooMany(filesAtOnceMax)}</p>}
      </div>
      {over && (
        <div class="drop">
          <p>{ready ? text().files.dropFor(room) : text().files.nobodyThere}</p>
        </div>
      )}
    </>
  )
}

type Heard = { setOver: (over: boolean) => void; share: FileCommands['share'] }

const listen = ({ setOver, share }: Heard): (() => void) => {
  // Every element under the pointer enters and leaves; only the sum says whether it is still over the page.
  let depth = 0
  const off = new AbortController()
  const { signal } = off
  const taken = (transfer: DataTransfer): void => void dropped(transfer).then(share)
  addEventListener(
    'dragenter',
    event => {
      if (!holdsFiles(event.dataTransfer)) return
      event.preventDefault()
      depth += 1
      setOver(true)
    },
    { signal },
  )
  addEventListener(
    'dragleave',
    event => {
      if (!holdsFiles(event.dataTransfer)) return
      depth -= 1
      if (depth <= 0) setOver(false)
    },
    { signal },
  )
  addEventListener('dragover', event => holdsFiles(event.dataTransfer) && event.preventDefault(), { signal })
  addEventListener(
    'drop',
    event => {
      depth = 0
      setOver(false)
      if (!holdsFiles(event.dataTransfer)) return
      event.preventDefault()
      taken(event.dataTransfer)
    },
    { signal },
  )
  addEventListener(
    'paste',
    event => {
      if (!holdsFiles(event.clipboardData)) return
      event.preventDefault()
      taken(event.clipboardData)
    },
    { signal },
  )
  return () => off.abort()
}
