/** The card of one file in the conversation: what it is, what can be done with it, and how far it has come. */
import {
  activeUpload,
  type Download,
  type FileCard,
  type FilesState,
  hasArrived,
  type Rate,
  secondsLeft,
  type Upload,
} from '../../files/state.ts'
import type { FileEntry } from '../../room/timeline.ts'
import { canFetch, downloadWords, goneWords, uploadWords } from '../file-words.ts'
import { bytesText, perSecondText, secondsText, shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { FileCommands, Model } from '../model.ts'
import { Icon } from '../parts/icon.tsx'
import { Media } from '../parts/media.tsx'

type Props = { entry: FileEntry; model: Model; commands: FileCommands }

export const FileOf = ({ entry, model, commands }: Props) => {
  const state = model.files.value
  if (entry.own) return <Shared state={state} entry={entry} commands={commands} />
  const it = [...state.downloads.values()].find(
    ({ shownUnder, file }) => shownUnder === entry.owner && file.id === entry.file,
  )
  const there = it !== undefined && state.routes.has(it.owner)
  return it ? (
    <Offered it={it} there={there} commands={commands} />
  ) : (
    <p class="file-gone">{goneWords(entry)}</p>
  )
}

const Name = ({ file }: { file: FileCard }) => (
  <p class="file-name">
    <bdi>{shownName(file.name)}</bdi> <span class="file-size">{bytesText(file.size)}</span>
  </p>
)

/**
 * `there`: its owner is in the room. An offer never takes the focus, and only its buttons answer it: a key that was meant
 * for something else must not accept a stranger's file.
 */
const Offered = ({ it, there, commands }: { it: Download; there: boolean; commands: FileCommands }) => {
  const name = shownName(it.file.name)
  return (
    <section
      class={it.phase === 'offered' && !it.available ? 'file' : `file file-${it.phase}`}
      aria-label={texts().files.offerOf(shownName(it.ownerName), name)}
    >
      <Icon name="file" />
      <div class="file-words">
        <Name file={it.file} />
        <p class="file-state" role="status">
          {downloadWords(it, there)}
        </p>
        {it.phase === 'kept' && it.here && (
          <Media name={name} type={it.file.media} size={it.size} load={() => commands.saved(it.key)} />
        )}
        {moving.has(it.phase) && (
          <Bar done={it.stored} size={it.size} rate={it.rate} name={name} still={stands(it)} />
        )}
      </div>
      <div class="file-buttons">
        <IncomingButtons it={it} commands={commands} />
      </div>
    </section>
  )
}

const moving: ReadonlySet<Download['phase']> = new Set(['running', 'checking', 'waiting', 'asking'])
const stands = ({ phase, paused }: Download | Upload): boolean =>
  paused.ours || paused.theirs || phase === 'waiting'

const IncomingButtons = ({ it, commands }: { it: Download; commands: FileCommands }) => {
  const name = shownName(it.file.name)
  const { key, phase } = it
  if (phase === 'offered' && !it.available) return null
  if (phase === 'offered')
    return (
      <>
        <Press strong label={texts().files.accept} name={name} press={() => commands.accept(key)} />
        <SaveTo it={it} commands={commands} />
        <Press label={texts().files.decline} name={name} press={() => commands.decline(key)} />
      </>
    )
  if (phase === 'resumable')
    return (
      <>
        <Press strong label={texts().files.resume} name={name} press={() => commands.accept(key)} />
        <Press label={texts().files.decline} name={name} press={() => commands.decline(key)} />
      </>
    )
  if (phase === 'kept')
    return it.here && <Press label={texts().files.saveAgain} name={name} press={() => commands.save(key)} />
  if (phase === 'declined' || phase === 'stopped')
    return (
      canFetch(it) && (
        <>
          <Press label={texts().files.fetch} name={name} press={() => commands.accept(key)} />
          <SaveTo it={it} commands={commands} />
        </>
      )
    )
  return (
    <>
      {phase === 'running' && (
        <Press
          label={it.paused.ours ? texts().files.resume : texts().files.pause}
          name={name}
          press={() => commands.pause(key, !it.paused.ours)}
        />
      )}
      <Press label={texts().files.cancel} name={name} press={() => commands.cancel(key)} />
    </>
  )
}

const SaveTo = ({ it, commands }: { it: Download; commands: FileCommands }) => {
  const { acceptInto } = commands
  if (!acceptInto) return null
  return (
    <Press label={texts().files.acceptInto} name={shownName(it.file.name)} press={() => acceptInto(it.key)} />
  )
}

type PressProps = { label: string; name: string; strong?: boolean; press: () => void }

/** The file's name is said with the word, since several cards have the same words. */
const Press = ({ label, name, strong, press }: PressProps) => (
  <button type="button" class={strong ? 'button button-strong' : 'button'} onClick={press}>
    {label}
    <span class="sr-only"> {name}</span>
  </button>
)

type BarProps = { done: number; size: number; rate: Rate; name: string; still: boolean }

/** Changes all the time, so it is not read out by itself. */
const Bar = ({ done, size, rate, name, still }: BarProps) => {
  const left = still ? null : secondsLeft(size - done, rate)
  return (
    <div class="file-progress" aria-live="off">
      <progress
        aria-label={texts().files.progressOf(name)}
        max={Math.max(1, size)}
        value={size === 0 ? 1 : done}
      />
      <p>
        <span>{texts().files.of(bytesText(done), bytesText(size))}</span>
        {left !== null && <span>{perSecondText(rate.perSecond)}</span>}
        {left !== null && <span>{texts().files.left(secondsText(left))}</span>}
      </p>
    </div>
  )
}

const Shared = ({
  state,
  entry,
  commands,
}: {
  state: FilesState
  entry: FileEntry
  commands: FileCommands
}) => {
  const share = state.shares.get(entry.file)
  const rows = [...state.uploads.values()].filter(({ file }) => file === entry.file)
  if (!share) return <p class="file-gone">{goneWords(entry)}</p>
  const name = shownName(share.file.name)
  return (
    <section class="file file-own" aria-label={texts().files.ownOffer(name)}>
      <Icon name="file" />
      <div class="file-words">
        <Name file={share.file} />
        <Media
          name={name}
          type={share.file.media}
          size={share.file.size}
          load={() => commands.shared(entry.file)}
        />
        {rows.length === 0 && <p class="file-state">{texts().files.offeredToAll}</p>}
        {rows.length > 0 && (
          <ul class="file-rows">
            {rows.map(row => (
              <Row
                key={row.key}
                it={row}
                reachable={(state.routes.get(row.member)?.transport ?? 'none') !== 'none'}
                name={name}
                commands={commands}
              />
            ))}
          </ul>
        )}
      </div>
      <div class="file-buttons">
        <Press
          label={hasArrived(rows) ? texts().files.stopOffering : texts().files.takeBack}
          name={name}
          press={() => commands.unshare(entry.file)}
        />
      </div>
    </section>
  )
}

type RowProps = { it: Upload; reachable: boolean; name: string; commands: FileCommands }

const Row = ({ it, reachable, name, commands }: RowProps) => {
  const to = shownName(it.memberName)
  const live = activeUpload.has(it.phase)
  return (
    <li class="file-row">
      <p class="file-state" role="status">
        {it.phase === 'running' && it.paused.theirs && !it.paused.ours ? (
          texts().files.pausedBy(to)
        ) : (
          <>
            <bdi>{to}</bdi>: {uploadWords(it, reachable)}
          </>
        )}
      </p>
      {live && (
        <Bar done={it.acked} size={it.size} rate={it.rate} name={`${name}, ${to}`} still={stands(it)} />
      )}
      {live && (
        <div class="file-buttons">
          {it.phase === 'running' && (
            <Press
              label={it.paused.ours ? texts().files.resume : texts().files.pause}
              name={`${name}, ${to}`}
              press={() => commands.pause(it.key, !it.paused.ours)}
            />
          )}
          <Press label={texts().files.cancel} name={`${name}, ${to}`} press={() => commands.cancel(it.key)} />
        </div>
      )}
    </li>
  )
}
