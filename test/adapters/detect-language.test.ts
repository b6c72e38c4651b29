import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { detectLanguage } from '../../adapters/extraction/detect-language.ts'

const language = (...texts: string[]) => detectLanguage(texts.map((text, index) => ({ number: index + 1, text })))

const SENTENCES = {
  en: 'All human beings are born free and equal in dignity and rights.',
  de: 'Alle Menschen sind frei und gleich an Würde und Rechten geboren.',
  fr: 'Tous les êtres humains naissent libres et égaux en dignité et en droits.',
  es: 'Todos los seres humanos nacen libres e iguales en dignidad y derechos.',
  pt: 'Todos os seres humanos nascem livres e iguais em dignidade e em direitos.',
  nl: 'Alle mensen worden vrij en gelijk in waardigheid en rechten geboren.',
  pl: 'Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.',
  ru: 'Все люди рождаются свободными и равными в своем достоинстве и правах.',
  uk: 'Всі люди народжуються вільними і рівними у своїй гідності та правах.',
  ar: 'يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.',
  he: 'כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.',
  el: 'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.',
  hi: 'सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है।',
  th: 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ',
  ja: 'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。',
  zh: '人人生而自由，在尊严和权利上一律平等。',
  ko: '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.',
}

describe('the language of a text', () => {
  for (const [code, sentence] of Object.entries(SENTENCES))
    test(`${code} is told from a sentence, and from a document`, () => {
      assert.equal(language(sentence), code)
      assert.equal(language(...Array<string>(200).fill(sentence)), code)
    })

  test('is told from few words where the script leaves no choice', () => {
    assert.equal(language('안녕하세요'), 'ko')
    assert.equal(language('Καλημέρα σας'), 'el')
    assert.equal(language('これはペンです'), 'ja')
    assert.equal(language('ជំរាបសួរ'), 'km')
  })

  test('is that of the most of it, not of its cover or of what it quotes', () => {
    const german = SENTENCES.de.repeat(20)
    assert.equal(language(SENTENCES.en, german, german, SENTENCES.fr, german), 'de')
  })

  test('is told across pages of a few words each', () => {
    assert.equal(language(...SENTENCES.en.split(' ')), 'en')
  })

  test('is told from the text around tables and code', () => {
    const code = 'for (let i = 0; i < n; i++) { total += values[i] * weights[i]; }\n'.repeat(3)
    assert.equal(language(`${SENTENCES.de}\n${code}${SENTENCES.de}\n${SENTENCES.de}\n1;2;3\n4;5;6`), 'de')
  })
})

describe('und', () => {
  test('is said of too little, and of nothing', () => {
    for (const text of ['', ' \n ', 'Hello', 'Name Check Submit', 'a b c d', '12:30'])
      assert.equal(language(text), 'und')
    assert.equal(language(), 'und')
  })

  test('is said of numbers, names of things and code', () => {
    const table = '07/19/2015 21:00:15.469,1.083,1.08332\n'
    const ids = 'AB12 XK-99 QQ7 LOT-4411 REF-2291 BATCH-17 '
    const code = 'const [first, second] = bytes; if (first === 0xff) { return decode(bytes, (x) => x + 1) }\n'
    for (const text of [`DateTime,Bid,Ask\n${table.repeat(30)}`, ids.repeat(5), code.repeat(20)])
      assert.equal(language(text), 'und')
  })

  test('is said of a mixture', () => {
    assert.equal(language(SENTENCES.en.repeat(6), SENTENCES.ru.repeat(6), SENTENCES.fr.repeat(6)), 'und')
  })
})

test('any text gets an answer, also one of megabytes at once', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) =>
      assert.match(language(...texts), /^([a-z]{2}|und)$/),
    ),
  )
  const start = performance.now()
  assert.equal(language(SENTENCES.en.repeat(200_000)), 'en')
  assert.ok(performance.now() - start < 500)
})
