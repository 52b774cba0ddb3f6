/** Owns the call as one sees it: tiles on their stage, what is to be said, and the bar. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { CallCommands, CallState } from '../../../call/state.ts'
import { people, type Seen } from '../../../room/people.ts'
import type { RoomState } from '../../../room/state.ts'
import { useDevices, usePlugged } from '../../devices.ts'
import { shownName } from '../../format.ts'
import { useFullScreen, useIdle } from '../../full-screen.ts'
import type { Commands, Model } from '../../model.ts'
import type { Panels } from '../../panels.ts'
import { announce } from '../../parts/announcer.tsx'
import { CopyLink } from '../../parts/copy.tsx'
import { later } from '../../parts/later.tsx'
import { text } from '../../text.ts'
import { arrange, type Known, type Tile, tilesOf } from '../../tiles.ts'
import { isTouch } from '../../touch.ts'
import { Bar } from './bar.tsx'
import { Notes } from './notes.tsx'
import { Stage } from './stage.tsx'
import { titleOf } from './title.ts'
import '../../styles/call.css'
import '../../styles/notes.css'
import '../../styles/tile.css'

const SafetyDialog = later(() => import('../safety.tsx').then(({ SafetyDialog }) => SafetyDialog))

export type CallViewProps = {
  room: RoomState
  model: Model
  commands: Commands
  panels: Panels
  unread: boolean
  invitation: string
}

/** Nothing for the moment between having left and being gone. */
export const CallView = (props: CallViewProps) => {
  const state = props.model.call.value
  const call = props.commands.call()
  return state && call && <Inside {...props} state={state} call={call} />
}

type InsideProps = CallViewProps & { state: CallState; call: CallCommands }

const Inside = ({ room, state, call, model, commands, panels, unread, invitation }: InsideProps) => {
  const fullScreen = useFullScreen()
  const idle = useIdle(fullScreen.on)
  const area = useRef<HTMLElement>(null)
  // Whatever was pressed to get here is gone.
  useEffect(() => area.current?.focus(), [])
  const { own } = state
  const devices = useDevices(`${own.microphone === 'none'} ${own.camera}`)
  const { pinned, pin } = usePins()
  const [proved, setProved] = useState<Tile | null>(null)
  const plugged = usePlugged(devices)
  const showPictures = (): void => {
    area.current?.focus()
    void call.setAudioOnly(false)
  }
  const scene = arrange(tilesOf(state, room.person.name, knownIn(people(room))), pinned)
  return (
    <section ref={area} class={idle ? 'call call-idle' : 'call'} aria-label={text().call.area} tabIndex={-1}>
      <Stage scene={scene} pinned={pinned} pin={pin} call={call} prove={setProved}>
        <Notes
          state={state}
          call={call}
          reconnecting={isReconnecting(room)}
          touch={isTouch()}
          plugged={plugged.found}
          use={({ kind, device }) => {
            commands.useDevice(kind, device)
            plugged.forget()
          }}
          forget={plugged.forget}
        />
      </Stage>
      <div class="call-foot">
        <Aside state={state} />
        {own.audioOnly && (
          <p class="call-mode">
            {text().call.audioOnly}
            <button type="button" class="button button-small" onClick={showPictures}>
              {text().call.showPictures}
            </button>
          </p>
        )}
        {room.links.size === 0 && !room.ended && <CopyLink commands={commands} link={invitation} small />}
        <Bar
          state={state}
          call={call}
          devices={devices}
          choose={commands.useDevice}
          panels={panels}
          unread={unread}
          fullScreen={fullScreen}
          setPushToTalk={commands.setPushToTalk}
          openSettings={() => {
            model.dialog.value = 'settings'
          }}
          openShortcuts={() => {
            model.dialog.value = 'shortcuts'
          }}
        />
      </div>
      {proved?.member && (
        <SafetyDialog
          commands={commands}
          member={proved.member}
          name={proved.name}
          reach={proved.reach}
          star={room.card.kind === 'star'}
          close={() => setProved(null)}
        />
      )}
    </section>
  )
}

const usePins = () => {
  const [pinned, setPinned] = useState<ReadonlySet<string>>(new Set())
  const pin = (tile: Tile): void => {
    const next = new Set(pinned)
    if (!next.delete(tile.key)) next.add(tile.key)
    announce((next.has(tile.key) ? text().call.pinned : text().call.unpinned)(titleOf(tile)))
    setPinned(next)
  }
  return { pinned, pin }
}

const knownIn =
  (seen: readonly Seen[]) =>
  (member: string): Known => {
    const found = seen.find(({ key }) => key === member)
    return { name: shownName(found?.name ?? text().room.stranger), reach: found?.reach ?? 'connecting' }
  }

/** Everybody at once is out of reach: then it is us. */
const isReconnecting = ({ links }: RoomState): boolean => {
  const all = [...links.values()]
  return all.length > 0 && all.every(({ phase, steady }) => phase === 'lost' || !steady)
}

/** Beside the bar: that nobody else is there yet, or what a host carries. */
const Aside = ({ state: { carrying, participants } }: { state: CallState }) => {
  if (participants.length === 0) return <p class="call-aside">{text().call.alone}</p>
  // With one guest there is nobody to pass anything on to.
  if (!carrying || carrying.guests < 2) return null
  const megabits = (carrying.bitsPerSecond / 1e6).toFixed(1)
  return <p class="call-aside">{text().call.carrying(carrying.guests, megabits)}</p>
}
