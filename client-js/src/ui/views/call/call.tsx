/** The call as one sees it: tiles on their stage, banners, and the bar. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { CallCommands, CallState } from '../../../call/state.ts'
import { type RosterEntry, roster } from '../../../room/roster.ts'
import type { RoomState } from '../../../room/state.ts'
import { isTouch, useFullScreen, useIdle } from '../../browser.ts'
import { useDevices, usePlugged } from '../../devices.ts'
import { encryptionNotice, unsealedNotice } from '../../encryption-notice.ts'
import { shownName } from '../../format.ts'
import { texts } from '../../language.ts'
import type { Commands, Model } from '../../model.ts'
import type { Panels } from '../../panels.ts'
import { announce } from '../../parts/frame.tsx'
import { CopyLink } from '../../parts/invite.tsx'
import { lazyDialog } from '../../parts/wrappers.tsx'
import { arrange, type Known, type Tile, tilesOf, titleOf } from '../../tiles.ts'
import { Banners, isRelaying } from './banners.tsx'
import { Bar } from './bar.tsx'
import { Stage } from './stage.tsx'
import '../../styles/call.css'
import '../../styles/banners.css'
import '../../styles/tile.css'

const SafetyDialog = lazyDialog(() => import('../safety.tsx').then(({ SafetyDialog }) => SafetyDialog))

export type CallViewProps = {
  room: RoomState
  model: Model
  commands: Commands
  panels: Panels
  unread: boolean
  /** Null while it does not work. */
  invitation: string | null
  leaveRoom: () => void
}

/** Nothing for the moment between having left and being gone. */
export const CallView = (props: CallViewProps) => {
  const state = props.model.call.value
  const call = props.commands.call()
  return state && call && <Inside {...props} state={state} call={call} />
}

type InsideProps = CallViewProps & { state: CallState; call: CallCommands }

const Inside = (props: InsideProps) => {
  const { room, state, call, model, commands, panels, unread, invitation, leaveRoom } = props
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
  const seen = roster(room)
  const scene = arrange(tilesOf(state, room.person.name, knownIn(seen)), pinned)
  return (
    <section ref={area} class={idle ? 'call call-idle' : 'call'} aria-label={texts().call.area} tabIndex={-1}>
      <Stage scene={scene} pinned={pinned} pin={pin} call={call} prove={setProved}>
        <Banners
          state={state}
          call={call}
          reconnecting={isReconnecting(room)}
          unsealed={encryptionNotice(room)}
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
            {texts().call.audioOnly}
            <button type="button" class="button button-small" onClick={showPictures}>
              {texts().call.showPictures}
            </button>
          </p>
        )}
        {room.links.size === 0 && invitation !== null && (
          <CopyLink commands={commands} link={invitation} small />
        )}
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
          room={
            <>
              <bdi>{shownName(room.card.name)}</bdi>{' '}
              <span class="menu-hint">{texts().room.peopleCount(seen.length, room.card.peersMax)}</span>
            </>
          }
          leaveRoom={leaveRoom}
        />
      </div>
      {proved?.member && (
        <SafetyDialog
          commands={commands}
          person={
            seen.find(({ key }) => key === proved.member) ?? {
              key: proved.member,
              connectionStatus: 'lost',
              seal: 'none',
              callsDirectly: false,
            }
          }
          name={proved.name}
          unsealed={unsealedNotice(room)}
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
    announce((next.has(tile.key) ? texts().call.pinned : texts().call.unpinned)(titleOf(tile)))
    setPinned(next)
  }
  return { pinned, pin }
}

const knownIn =
  (seen: readonly RosterEntry[]) =>
  (member: string): Known => {
    const found = seen.find(({ key }) => key === member)
    const way = found && wayOf(found, seen)
    return {
      name: shownName(found?.name ?? texts().room.stranger),
      connectionStatus: found?.connectionStatus ?? 'connecting',
      ...(way && { way }),
    }
  }

/** Null where nobody stands in between. */
const wayOf = (
  { callsDirectly, connectionStatus }: RosterEntry,
  seen: readonly RosterEntry[],
): string | null => {
  if (callsDirectly) return texts().call.directly
  if (connectionStatus === 'via-server') return texts().reaches['via-server']
  if (connectionStatus !== 'via-host') return null
  const host = seen.find(it => it.host)?.name ?? texts().room.stranger
  return texts().call.through(shownName(host))
}

/** Everybody at once is out of reach: then it is us. */
const isReconnecting = ({ links }: RoomState): boolean => {
  const all = [...links.values()]
  return all.length > 0 && all.every(link => link.phase === 'lost' || !link.steady)
}

/** Beside the bar: that nobody else is there yet, or what a host carries. */
const Aside = ({ state }: { state: CallState }) => {
  const { carrying, participants } = state
  if (participants.length === 0) return <p class="call-aside">{texts().call.alone}</p>
  if (!carrying || !isRelaying(state)) return null
  return <p class="call-aside">{texts().call.carrying(carrying.guests, carrying.bitsPerSecond / 1e6)}</p>
}
