/**
 * The strip above the message field: how far all transfers together have come, and one button for several offers at
 * once.
 */
import {
  type Download,
  type FilesState,
  openOffers,
  type Rate,
  secondsLeft,
  type Upload,
} from '../../files/state.ts'
import { bytesText, perSecondText, secondsText } from '../format.ts'
import { texts } from '../language.ts'
import type { FileCommands, Model } from '../model.ts'

export const FilesStrip = ({ model, commands }: { model: Model; commands: FileCommands }) => {
  const state = model.files.value
  const offers = openOffers(state)
  const moving = moved(state)
  if (offers.length < 2 && moving.length === 0) return null
  return (
    <div class="files-strip">
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
