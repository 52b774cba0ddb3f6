/**
 * The room as a whole: where its head, its call, its conversation and its people stand, and what stands there as long
 * as nobody else has come.
 */
import { useComputed } from '@preact/signals'
import type { ComponentType } from 'preact'
import type { CallState } from '../../call/state.ts'
import { canOffer } from '../../room/file.ts'
import { roster } from '../../room/roster.ts'
import { hostedByServer, type RoomState } from '../../room/state.ts'
import { useLasting } from '../browser.ts'
import { encryptionNotice, unsealedNotice } from '../encryption-notice.ts'
import { shownName } from '../format.ts'
import { texts } from '../language.ts'
import type { Commands, DialogName, Model, View } from '../model.ts'
import { useFocusAfterCall, usePanels } from '../panels.ts'
import { loadedOnce } from '../parts/ahead.ts'
import { Drop } from '../parts/attach.tsx'
import { SettingsButton } from '../parts/frame.tsx'
import { Icon } from '../parts/icon.tsx'
import { CopyLink, ShareButtons } from '../parts/invite.tsx'
import { Panel } from '../parts/panel.tsx'
import { lazy, lazyDialog } from '../parts/wrappers.tsx'
import { apartBy, isRelay, newTo, relayFails, relayMissing } from '../selectors.ts'
import { CallStrip } from './call-strip.tsx'
import { Chat } from './chat.tsx'
import { Knocks } from './owner.tsx'
import { People } from './people.tsx'
import { admits, leaveOrAsk, RoomHead } from './room-head.tsx'
import { useCallSaid, useChatSaid, useRoomKeys } from './room-life.ts'
import '../styles/acts.css'
import '../styles/files.css'

export { Left } from './left.tsx'

/** Loaded with this view: whoever joins a call waits for it. */
export const loadCall = loadedOnce(() => import('./call/call.tsx'))
const CallView = lazy(() => loadCall().then(({ CallView }) => CallView))

type Props = { model: Model; commands: Commands; view: Extract<View, { kind: 'room' }> }

/** A line that is back by its first attempt takes nothing away, above all not what has the focus. */
const awayMs = 3_000

export const RoomView = ({ model, commands, view }: Props) => {
  const { state, invitation, created } = view
  const call = useComputed(() => placeIn(model.call.value)).value
  const inCall = call === 'in'
  const panels = usePanels(inCall ? 'chat' : 'people')
  const unread = newTo(model.reading.value, state.timeline).length > 0
  useCallSaid(state, model)
  useChatSaid(state.timeline, !inCall || panels.open === 'chat')
  const entrance = useFocusAfterCall(inCall)
  useRoomKeys({ model, commands, panels })
  const seen = roster(state)
  const alone = seen.length === 1
  const away = useLasting(model.server.value !== 'online', awayMs)
  const linkWorks = admits(state) && !away && !state.owner?.locked
  const chat = <Chat model={model} commands={commands} state={state} alone={alone} />
  const ask = (): void => {
    model.dialog.value = 'call'
  }
  return (
    <div class={inCall ? 'room room-call' : 'room'}>
      {!state.ended && (
        <Drop
          model={model}
          room={shownName(state.card.name)}
          ready={canOffer(state)}
          commands={commands.files}
        />
      )}
      <RoomHead model={model} commands={commands} state={state} panels={panels} people={seen.length}>
        {call === 'none' && !state.ended && (
          <button ref={entrance} type="button" class="button button-strong" onClick={ask}>
            <Icon name="call" />
            <span class="button-words">{texts().call.start}</span>
          </button>
        )}
      </RoomHead>
      <main class="talk" inert={panels.covers}>
        <Trouble model={model} state={state} inCall={inCall} />
        {state.owner?.ours && <Knocks knocking={state.knocking} model={model} commands={commands} />}
        {call === 'others' && <CallStrip model={model} state={state} join={ask} entrance={entrance} />}
        {alone && admits(state) && !inCall && (
          <Ready commands={commands} state={state} link={linkWorks ? invitation : null} created={created} />
        )}
        {inCall ? (
          <CallView
            room={state}
            model={model}
            commands={commands}
            panels={panels}
            unread={unread}
            invitation={linkWorks ? invitation : null}
            leaveRoom={() => leaveOrAsk(model, commands, state)}
          />
        ) : (
          chat
        )}
      </main>
      {inCall && (
        <Panel panels={panels} panel="chat" title={texts().call.chat} focus="textarea">
          {panels.open === 'chat' && chat}
        </Panel>
      )}
      <Panel
        panels={panels}
        panel="people"
        title={texts().room.people}
        note={texts().room.peopleCount(seen.length, state.card.peersMax)}
      >
        <People
          seen={seen}
          model={model}
          commands={commands}
          mayHost={mayHost(state)}
          owner={state.ended ? null : state.owner}
          unsealed={unsealedNotice(state)}
        />
        {hostedByServer(state) && (
          <p class="field-hint">{encryptionNotice(state) ?? texts().hosted.sealed}</p>
        )}
        {(!alone || inCall) && linkWorks && (
          <div class="invite">
            <CopyLink commands={commands} link={invitation} />
            <ShareButtons
              commands={commands}
              link={invitation}
              room={shownName(state.card.name)}
              locked={state.card.password !== ''}
              small
            />
          </div>
        )}
        <div class="panel-narrow">
          <SettingsButton model={model} named />
        </div>
      </Panel>
    </div>
  )
}

const mayHost = ({ card, owner, role, host, ended }: RoomState): boolean =>
  (Boolean(card.hostSecret) || owner?.ours === true) &&
  card.kind === 'star' &&
  role === 'guest' &&
  host !== null &&
  !ended

/** Whether there is a call, and whether we are in it: the little of it that decides where everything stands. */
const placeIn = (call: CallState | null): 'none' | 'others' | 'in' => {
  if (!call) return 'none'
  if (call.own.phase !== 'out') return 'in'
  return call.participants.length > 0 ? 'others' : 'none'
}

/** What concerns everybody in the room; what concerns one peer stands beside their name. A call says itself that it is not encrypted. */
const Trouble = ({ model, state, inCall }: { model: Model; state: RoomState; inCall: boolean }) => {
  const words =
    roomTrouble(state) ??
    connectionTrouble(model, state) ??
    hostTrouble(state) ??
    (inCall ? null : encryptionNotice(state))
  return (
    <div class="banner-place" role="status">
      {words !== null && <p class="banner">{words}</p>}
    </div>
  )
}

/**
 * A browser may have no WebRTC. And whoever hides their address depends on one machine in between, and cannot see why
 * nobody comes.
 */
const connectionTrouble = (model: Model, state: RoomState): string | null => {
  const settings = model.settings.value
  if (!model.canConnect) return texts().connection.noWebrtc
  if (relayMissing(settings, model.serverRelays.value)) return texts().connection.noRelay
  if (relayFails(settings, state)) return texts().connection.relayFails
  const obstacle = apartBy(state)
  if (obstacle === null) return null
  if (obstacle !== 'networks') return texts().connection.obstacles[obstacle]
  const relays = settings.iceServers.length > 0 ? settings.iceServers.some(isRelay) : model.serverRelays.value
  return relays ? texts().connection.noWayRelayed : texts().connection.noWay
}

const roomTrouble = (state: RoomState): string | null => {
  if (state.ended) return texts().room.ended
  if (state.sealing.mode === 'failed') return texts().notices['sealing-failed']('')
  return state.membership.type === 'waiting' ? texts().room.waiting : null
}

const hostTrouble = (state: RoomState): string | null => {
  if (state.role !== 'guest') return null
  const phase = state.host === null ? 'lost' : state.links.get(state.host)?.phase
  if (phase === 'ready') return null
  if (hostedByServer(state)) return phase === 'lost' ? texts().hosted.lost : texts().hosted.connecting
  if (state.host === null) return texts().notices['host-awaited']('')
  return phase === 'lost' ? texts().room.hostLost : texts().room.waitingForHost
}

type ReadyProps = {
  commands: Commands
  state: RoomState
  /** Null while it does not work. */
  link: string | null
  created: boolean
}

const Ready = ({ commands, state, link, created }: ReadyProps) => {
  const lead = state.card.password === '' ? texts().room.readyLeadOpen : texts().room.readyLead
  const later = state.owner?.locked ? texts().owner.isLocked : texts().room.linkLater
  return (
    <section class="ready" aria-labelledby="ready-title">
      <h2 id="ready-title">{created && link !== null ? texts().room.ready : texts().room.alone}</h2>
      {/* Always there, since only what changes in it is read out. */}
      <p role="status">{link === null ? later : lead}</p>
      {link !== null && (
        <>
          <CopyLink commands={commands} link={link} shown />
          <ShareButtons
            commands={commands}
            link={link}
            room={shownName(state.card.name)}
            locked={state.card.password !== ''}
          />
        </>
      )}
    </section>
  )
}

/* What stands above a room, each loaded when it is opened, or ahead of that. */
const ShortcutsDialog = lazyDialog(() =>
  import('./small-dialogs.tsx').then(({ ShortcutsDialog }) => ShortcutsDialog),
)
const LeaveDialog = lazyDialog(() => import('./small-dialogs.tsx').then(({ LeaveDialog }) => LeaveDialog))
const CallDialog = lazyDialog(() => import('./call-dialog.tsx').then(({ CallDialog }) => CallDialog))
const EndDialog = lazyDialog(() => import('./owner-dialogs.tsx').then(({ EndDialog }) => EndDialog))
const ChangeDialog = lazyDialog(() => import('./owner-dialogs.tsx').then(({ ChangeDialog }) => ChangeDialog))

type DialogOfRoom = Exclude<DialogName, 'settings' | 'plan'>
type DialogProps = { model: Model; commands: Commands; close: () => void }

const dialogs: Record<DialogOfRoom, ComponentType<DialogProps>> = {
  shortcuts: ShortcutsDialog,
  call: CallDialog,
  leave: LeaveDialog,
  end: EndDialog,
  change: ChangeDialog,
}

export const RoomDialog = ({ name, ...props }: DialogProps & { name: DialogOfRoom }) => {
  const Shown = dialogs[name]
  return <Shown {...props} />
}
