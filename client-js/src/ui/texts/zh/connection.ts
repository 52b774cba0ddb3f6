/** Owns the Chinese words of the settings about connections. */
import type { Texts } from '../en.ts'

export const connection: Texts['connection'] = {
  relayOnly: '通过中继隐藏我的地址',
  relayOnlyHint:
    '否则房间里的其他人能看到你的 IP 地址。开启后一切都经由 TURN 服务器，速度较慢，但服务器无法读取内容。',
  noRelay: '这需要 TURN 服务器。你和本站都没有设置，因此你将无法连接任何人。',
  relayFails: '暂时无法连接任何人：你隐藏了地址，而通过 TURN 服务器无法建立连接。请在设置中测试它。',
  own: '自己的 STUN 和 TURN 服务器',
  ownHint: '用来代替本站提供的服务器。',
  address: '地址',
  addressHint: '以 stun:、turn: 或 turns: 开头',
  noAddress: '这不是 STUN 或 TURN 服务器的地址。例如：turn:turn.example.org:3478。',
  username: '用户名',
  credential: '密码',
  noAccount: 'TURN 服务器需要用户名和密码。',
  add: '添加服务器',
  remove: address => `移除 ${address}`,
  attempt: '测试',
  tried: { trying: '正在询问…', yes: '有应答。', no: '没有应答。' },
  fromNowOn: '对此后建立的连接生效。',
}
