/** Owns the Chinese words of the conversation. */
import type { Texts } from '../en.ts'
import { plurals } from '../plural.ts'

const plural = plurals('zh')

export const chat: Texts['chat'] = {
  log: '对话',
  logHint: '用方向键在消息之间移动。',
  message: '消息',
  placeholder: '输入消息',
  hint: 'Enter 发送，Shift + Enter 换行。',
  alone: '还没有其他人。消息不会为后来的人保留。',
  aloneHandingOver: '还没有其他人。',
  send: '发送',
  left: units => plural(units, { other: '还可输入 # 个字符' }),
  you: '你',
  empty: '打个招呼吧。',
  reply: '回复',
  react: '回应',
  replyingTo: name => `回复 ${name}`,
  replyingToSelf: '回复自己',
  cancelReply: '取消回复',
  quoted: name => `回复 ${name}：`,
  earlier: '回复较早的消息',
  emoji: '表情',
  reaction: (sign, names) => `${sign} 来自 ${names}`,
  unheard: '还没有人收到',
  told: name => `你来之前的消息，由 ${name} 转述`,
  sinceYouCame: '你来之后',
  fresh: '新消息',
  toLast: '转到对话末尾',
  toEnd: count => plural(count, { other: '# 条新消息' }),
  typing: names => {
    const [first, second] = names
    if (names.length > 2) return '多人正在输入…'
    return second === undefined ? `${first} 正在输入…` : `${first} 和 ${second} 正在输入…`
  },
}
