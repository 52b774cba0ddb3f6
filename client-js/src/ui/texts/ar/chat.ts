/** Owns the Arabic words of the conversation. */
import type { Texts } from '../en.ts'
import { isolated } from '../isolate.ts'
import { plurals } from '../plural.ts'

const plural = plurals('ar')

export const chat: Texts['chat'] = {
  log: 'المحادثة',
  logHint: 'تنتقل مفاتيح الأسهم من رسالة إلى أخرى.',
  message: 'رسالة',
  placeholder: 'اكتب رسالة',
  hint: 'Enter للإرسال، وShift + Enter لسطر جديد.',
  alone: 'لا أحد غيرك هنا بعد. لا تُحفظ الرسائل لمن يأتي لاحقًا.',
  aloneHandingOver: 'لا أحد غيرك هنا بعد.',
  send: 'إرسال',
  left: units =>
    plural(units, {
      zero: 'لم يبقَ أي حرف',
      one: 'بقي حرف واحد',
      two: 'بقي حرفان',
      few: 'بقيت # أحرف',
      many: 'بقي # حرفًا',
      other: 'بقي # حرف',
    }),
  you: 'أنت',
  empty: 'قل مرحبًا.',
  reply: 'رد',
  react: 'تفاعل',
  replyingTo: name => `رد على ${isolated(name)}`,
  replyingToSelf: 'رد على نفسك',
  cancelReply: 'إلغاء الرد',
  quoted: name => `ردًا على ${isolated(name)}:`,
  earlier: 'ردًا على رسالة سابقة',
  emoji: 'رموز تعبيرية',
  reaction: (sign, names) => `${sign} من ${isolated(names)}`,
  unheard: 'لم تصل إلى أحد بعد',
  told: name => `قبل مجيئك، كما ينقلها ${isolated(name)}`,
  sinceYouCame: 'منذ مجيئك',
  fresh: 'جديد',
  toLast: 'إلى نهاية المحادثة',
  toEnd: count =>
    plural(count, {
      one: 'رسالة جديدة',
      two: 'رسالتان جديدتان',
      few: '# رسائل جديدة',
      many: '# رسالة جديدة',
      other: '# رسالة جديدة',
    }),
  typing: names => {
    const [first = '', second] = names
    if (names.length > 2) return 'عدة أشخاص يكتبون…'
    return second === undefined
      ? `${isolated(first)} يكتب…`
      : `${isolated(first)} و${isolated(second)} يكتبان…`
  },
}
