/** Owns the one function through which a room changes: an event in, a new state and effects out. Pure: no sockets, DOM, timers or clock. */
import { chatUnitsMax, isSign } from '../wire/chat.ts'
import { cut } from '../wire/shape.ts'
import { settle, streamArrived, streamGone } from './call.ts'
import { andThen, still } from './change.ts'
import { canSpeak, react, say, type, typingOver, unheard } from './chat.ts'
import { fileLeft, offerFiles, withdrawFile, wordTo } from './file.ts'
import { hear } from './hear.ts'
import { historyLate } from './history.ts'
import {
  called,
  closed,
  giveUp,
  hostOffline,
  opened,
  peerJoined,
  peerLeft,
  redial,
  steadied,
  unmet,
} from './links.ts'
import { joinNow, lineFound, lineLost, rejoined, rejoinRefused } from './seat.ts'
import { answers, type RoomEvent, type RoomState, type Step, type Timer } from './state.ts'
import { announce, leaveCall, show, tellMedia } from './voice.ts'

export const step = (state: RoomState, event: RoomEvent, at: number): Step =>
  andThen(taken(state, event, at), now => settle(state, now))

const taken = (state: RoomState, event: RoomEvent, at: number): Step => {
  switch (event.type) {
    case 'peer-joined':
      return peerJoined(state, event.peer, at)
    case 'peer-left':
      return peerLeft(state, event.peer, at)
    case 'called':
      return answers(state, event.peer) ? called(state, event.peer, at) : still(state)
    case 'link-opened':
      return opened(state, event.peer)
    case 'link-steady':
      return steadied(state, event.peer, event.steady, at)
    case 'link-closed':
      return closed(state, event.peer, at)
    case 'received':
      return hear(state, event.via, event.received, at)
    case 'say': {
      const text = cut(event.text.trim(), chatUnitsMax)
      return text !== '' && canSpeak(state) ? say(state, { ...event, text }, at) : still(state)
    }
    case 'offer-files':
      return offerFiles(state, event.files, event.id, at)
    case 'file-left':
      return fileLeft(state, event.file, event.name, at)
    case 'withdraw-file':
      return withdrawFile(state, event.file)
    case 'file-say':
      return wordTo(state, { kind: 'file-signal', to: event.to, signal: event.signal })
    case 'direct-say':
      return wordTo(state, { kind: 'direct', to: event.to, id: event.id, signal: event.signal })
    case 'react':
      return isSign(event.sign) ? react(state, event.to, event.sign, event.on) : still(state)
    case 'typing':
      return type(state, event.on, at)
    case 'hand-over':
      return still({ ...state, handsOver: event.on })
    case 'timer':
      return timer(state, event.timer, at)
    case 'line-lost':
      return lineLost(state, at)
    case 'line-found':
      return lineFound(state, event.self)
    case 'rejoined':
      return rejoined(state, at)
    case 'rejoin-refused':
      return rejoinRefused(state, event.refusal, at)
    case 'call-announce':
      return state.ended ? still(state) : announce(state, event.own)
    case 'call-leave':
      return leaveCall(state)
    case 'call-media':
      return tellMedia(state, event.media)
    case 'call-show':
      return show(state, event.stream, event.size)
    case 'stream-arrived':
      return streamArrived(state, event.via, event.stream)
    case 'stream-gone':
      return streamGone(state, event.via, event.stream)
  }
}

const timer = (state: RoomState, due: Timer, at: number): Step => {
  switch (due.kind) {
    case 'dial':
      return redial(state, due.peer, due.attempt, at)
    case 'unmet':
      return unmet(state, due.peer, due.attempt, at)
    case 'give-up':
      return giveUp(state, due.peer, due.attempt, at)
    case 'join':
      return joinNow(state)
    case 'host-offline':
      return hostOffline(state, at)
    case 'typing':
      return typingOver(state, due.member, due.until)
    case 'unheard':
      return unheard(state, due.id)
    case 'history':
      return historyLate(state, due.peer)
  }
}
