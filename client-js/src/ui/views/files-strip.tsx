/**
 * The strip above the message field: a file that was interrupted by a reload, how far all transfers together have come,
 * and one button for several offers at once.
 */
import { type Download, type FilesState, type Rate, secondsLeft, type Upload } from '../../files/state.ts'
import { downloadWords, openOffers, resumableFiles } from '../file-words.ts'
import { bytesText, perSecondText, secondsText, shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { FileCommands, Model } from '../model.ts'

export const FilesStrip = ({ model, commands }: { model: Model; commands: FileCommands }) => {
  const state = model.files.value
  const offers = openOffers(state)
  const moving = moved(state)
  // One after the other: the next one shows when this one goes on.
  const [interrupted] = resumableFiles(state)
  if (!interrupted && offers.length < 2 && moving.length === 0) return null
  return (
    <div class="files-strip">
      {interrupted && <Interrupted it={interrupted} resume={() => commands.accept(interrupted.key)} />}
      {moving.length > 0 && <Sum moving={moving} />}
      {offers.length > 1 && (
        <p>
          <span>{texts().files.offers(offers.length)}</span>
          <button
            type="button"
            class="button button-small"
            onClick={() => {
              for (const { key } of offers) commands.accept(key)
            }}
          >
            {texts().files.acceptAll}
          </button>
        </p>
      )}
    </div>
  )
}

const Interrupted = ({ it, resume }: { it: Download; resume: () => void }) => {
  const name = shownName(it.file.name)
  return (
    <p>
      <span>
        <bdi>{name}</bdi>: {downloadWords(it, true)}
      </span>
      <button type="button" class="button button-small button-strong" onClick={resume}>
        {texts().files.resume}
        <span class="sr-only"> {name}</span>
      </button>
    </p>
  )
}

type Moved = { readonly size: number; readonly done: number; readonly rate: Rate }

/**
 * What has moved long enough to have a speed: a strip that comes and goes within a moment would only make the page
 * jump.
 */
const moved = ({ downloads, uploads }: FilesState): Moved[] =>
  [
    ...[...downloads.values()].filter(moves).map(({ size, stored, rate }) => ({ size, done: stored, rate })),
    ...[...uploads.values()].filter(moves).map(({ size, acked, rate }) => ({ size, done: acked, rate })),
  ].filter(({ rate }) => rate.perSecond > 0)

const moves = ({ phase, paused }: Download | Upload): boolean =>
  (phase === 'running' || phase === 'checking' || phase === 'sent') && !paused.ours && !paused.theirs

const sum = (moving: readonly Moved[], of: (it: Moved) => number): number =>
  moving.reduce((before, it) => before + of(it), 0)

/** Changes all the time, so it is not read out by itself. */
const Sum = ({ moving }: { moving: readonly Moved[] }) => {
  const [size, done] = [sum(moving, it => it.size), sum(moving, it => it.done)]
  const perSecond = sum(moving, ({ rate }) => rate.perSecond)
  const left = secondsLeft(size - done, { at: 0, bytes: 0, perSecond })
  return (
    <div aria-live="off">
      <progress aria-label={texts().files.moving(moving.length)} max={size} value={done} />
      <p>
        <span>{texts().files.moving(moving.length)}</span>
        <span class="files-fine">{texts().files.of(bytesText(done), bytesText(size))}</span>
        <span class="files-fine">{perSecondText(perSecond)}</span>
        {left !== null && <span>{texts().files.left(secondsText(left))}</span>}
      </p>
    </div>
  )
}
