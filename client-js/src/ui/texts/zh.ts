/** Owns the Chinese words of the page, in simplified characters. */
import type { Texts } from './en.ts'
import { call } from './zh/call.ts'
import { chat } from './zh/chat.ts'
import { connection } from './zh/connection.ts'
import { files } from './zh/files.ts'
import { preview } from './zh/preview.ts'
import { safety } from './zh/safety.ts'
import { settings } from './zh/settings.ts'

const refusals: Texts['refusals'] = {
  'wrong-password': '房间密码不正确。',
  'no-password': '这个房间设有密码。',
  'room-full': '房间已满。有人离开后再试。',
  'no-such-room': '房间不存在或已结束。请索取新的链接。',
  'room-error': '服务器未能完成操作，请重试。',
  unreachable: '无法连接服务器。你输入的内容仍在，请稍后重试。',
  'no-name': '请先填写你的名字。',
  'not-a-room': '这既不是链接，也不是房间 ID。',
}

const notices: Texts['notices'] = {
  joined: name => `${name} 来了`,
  left: name => `${name} 离开了`,
  'handed-over': name => `你把最近的消息转给了 ${name}`,
  'too-fast': name => `${name} 发送过快，部分内容未显示`,
  'host-offline': () => '房主与服务器断开了连接。你们可以继续交谈，但其他人无法再加入。',
  'host-left': () => '房主已离开，房间随之结束。',
  'line-lost': () => '与服务器的连接已断开。已在房间的人仍能收到你的消息。',
  'line-back': () => '已恢复与服务器的连接。',
  'room-gone': () => '服务器上已没有这个房间。已在房间的人可以继续交谈，其他人无法再加入。',
}

const reaches: Texts['reaches'] = {
  self: '你',
  direct: '直接连接',
  'via-host': '经由房主',
  connecting: '正在连接…',
  unsteady: '连接不稳定…',
  lost: '连接中断，正在重试…',
}

export const zh: Texts = {
  appName: 'P2PChat',
  titleIn: room => `${room} – P2PChat`,
  refusals,
  notices,
  reaches,
  settings,
  preview,
  call,
  connection,
  safety,
  media: {
    show: '在此显示',
    hide: '隐藏',
    failed: '无法在此显示。请保存后用其他应用打开。',
  },
  dialog: {
    close: '关闭',
    notLoaded: '页面的这一部分无法加载。请检查网络连接后重试。',
  },
  server: {
    connecting: '正在连接服务器…',
    online: '已连接服务器',
    offline: '无法连接服务器，正在重试…',
    roomGone: '不再接受新成员',
    ended: '已结束',
  },
  start: {
    title: '直接交谈。',
    lead: '你写的内容从浏览器直达浏览器，服务器只负责为你们牵线。',
    yourName: '你的名字',
    yourNameHint: '房间里的其他人会看到。',
  },
  create: {
    title: '创建房间',
    lead: '你会得到一个可分享的链接。',
    roomName: '房间名称',
    kind: '连接方式',
    mesh: '网状',
    meshLead: '所有人彼此相连。只要还有人在，房间就在。',
    star: '星形',
    starAlias: '(SFU)',
    starLead: '所有人都连接到你，由你转发。你离开时房间结束。',
    password: '密码',
    passwordHint: '包含在链接中。留空则房间没有密码。',
    generate: '生成',
    peersMax: '人数上限',
    submit: '创建房间',
    busy: '正在创建…',
    defaultName: name => (name === '' ? '我们的房间' : `${name}的房间`),
  },
  join: {
    title: '加入房间',
    lead: '使用链接或房间 ID。',
    room: '链接或房间 ID',
    password: '密码',
    passwordHint: '链接中已包含密码。',
    submit: '加入房间',
    busy: '正在加入…',
  },
  invited: {
    title: '你收到了邀请',
    lead: '填写你的名字，然后进入。',
    passwordLead: '这个房间可能有密码，而链接中不包含密码。',
    wrongLead: '链接中的密码不是（或不再是）房间的密码。请索取密码或新的链接。',
    elsewhere: '返回首页',
  },
  room: {
    people: '成员',
    peopleCount: (count, max) => `${count} / ${max}`,
    you: '你',
    host: '房主',
    stranger: '某人',
    leave: '离开',
    endAsk: {
      title: '为所有人结束房间？',
      lead: '其他人之间的一切都由你转发。你离开后，房间对他们也会结束。',
      yes: '结束房间',
    },
    leaveAsk: { title: '文件仍在传输，要离开吗？', lead: '你离开后传输会停止。', yes: '离开' },
    stay: '留下',
    invite: '复制链接',
    copied: '链接已复制',
    copyFailed: '此处不允许复制。请选中链接自行复制。',
    link: '房间链接',
    share: '分享',
    qrShow: '二维码',
    qr: '邀请二维码',
    qrLead: '任何人用相机扫描即可进入：其中包含带密码的链接。',
    ready: '房间已准备好',
    alone: '这里没有其他人',
    readyLead: '把此链接发给你想交谈的人。链接中包含密码。',
    readyLeadOpen: '把此链接发给你想交谈的人。',
    mesh: '网状',
    star: '星形',
    ended: '这个房间已结束。',
    waitingForHost: '正在连接房主…',
    hostLost: '与房主的连接已中断，正在等待恢复…',
  },
  chat,
  files,
  left: {
    title: '你已离开',
    titleEnded: '房间已结束',
    lead: room => `你已不在“${room}”中。对话内容没有保留。`,
    leadEnded: room => `“${room}”已结束。对话内容没有保留。`,
    rejoin: '重新加入',
    busy: '正在加入…',
    toStart: '首页',
  },
}
