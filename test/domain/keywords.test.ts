import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { askedWords, foldAccents, keywords } from '../../domain/keywords.ts'

const plainForms = (word: string) => [foldAccents(word)]
const terms = (text: string) => keywords(text, plainForms)

const asked = (question: string) => askedWords(question, plainForms).flat()

/** Whether what is asked for has a term in common with the text. */
const finds = (question: string, text: string) => asked(question).some((term) => terms(text).includes(term))

describe('keywords', () => {
  test('are words in lower case, without accents where these make no other letter', () => {
    assert.deepEqual(terms('Größe, Café and ΝΑΟΣ!'), ['grosse', 'cafe', 'and', 'ναοσ'])
    assert.deepEqual(terms('Ёлка, الْكِتَابُ, İzmir'), ['елка', 'الكتاب', 'izmir'])
    // Vowels of Hindi are marks, and a mark makes another letter of Japanese.
    assert.deepEqual(terms('किताब'), ['किताब'])
    assert.deepEqual(terms('が'), ['が'])
  })

  for (const [identifier, expected] of [
    ['A-1203/7', ['a', '1203', '7', 'a1203/7']],
    ['P4711', ['p', '4711', 'p4711']],
    ['3.14', ['3', '14', '3.14']],
    ['1,234.56', ['1', '234', '56', '1234.56']],
    ['1.234', ['1', '234', '1234']],
    ['3,14', ['3', '14', '3.14']],
    ['ada.lovelace@example.org', ['ada', 'lovelace', 'example', 'org', 'ada.lovelace@example.org']],
    ['snake_case', ['snake', 'case', 'snake_case']],
    ['getUserById', ['get', 'user', 'by', 'id', 'getuserbyid']],
    ['getHTTPResponse', ['get', 'http', 'response', 'httpresponse', 'gethttpresponse']],
    ['OAuth2', ['o', 'auth', 'oauth', '2', 'oauth2']],
    ['findUserByNameAndId', ['find', 'user', 'by', 'name', 'and', 'id', 'finduserbynameandid']],
    ['PDFs', ['pdfs']],
    ["O'Neill", ['neill', 'oneill']],
    ['192.168.0.1', ['192', '168', '0', '1', '192.168.0.1']],
    ['1.2.3', ['1', '2', '3', '1.2.3']],
    ['v2.1.345', ['v', '2', '1', '345', '2.1.345']],
    ['1.234.567', ['1', '234', '567', '1234567']],
    ['12,34,567.50', ['12', '34', '567', '50', '1234567.50']],
    ['1’234’567.50', ['1', '234', '567', '50', '1234567.50']],
    ['final_report-2024.tar.gz', ['final', 'report', '2024', 'tar', 'gz', 'final_report2024.tar.gz']],
    ['می‌شود', ['مي', 'شود', 'ميشود'].map(foldAccents)],
    ['e-mail', ['e', 'mail', 'email']],
    ['U.S.', ['u', 's', 'us']],
    ['C++', ['c', 'c++']],
    ["Biden's", ['biden']],
    ['l’amour', ['amour']],
  ] as const)
    test(`have ${identifier} as a whole and in its parts`, () => assert.deepEqual(terms(identifier), expected))

  for (const [text, ...questions] of [
    ['getHTTPResponse()', 'getHTTPResponse', 'HTTPResponse', 'http', 'response', 'GETHTTPRESPONSE'],
    ["Mr. O'Neill", "O'Neill", 'ONeill', 'oneill', 'Neill', 'O’NEILL'],
    ['Mr. ONeill', "O'Neill", 'oneill', 'Neill'],
    ['at 192.168.0.1:8080,', '192.168.0.1:8080', '192.168.0.1', '192.168', '8080'],
    ['version v1.2.3.', '1.2.3', 'v1.2.3', '1.2'],
    ['<ada.lovelace@example.org>', 'Ada.Lovelace@example.org', 'lovelace', 'example.org'],
    ['see report-2024_final.PDF!', 'report-2024_final.pdf', 'report-2024', 'final.pdf', '2024'],
  ] as const)
    test(`find ${text} by the whole and by parts`, () => {
      for (const question of questions) assert.ok(finds(question, text), question)
    })

  test('tell an address and a version from numbers that have the same digits', () => {
    for (const [one, other] of [
      ['1.2.3', '12.3'],
      ['10.0.0.12', '1000.12'],
      ['2.1.234', '21,234'],
    ] as const)
      assert.notEqual(terms(one).at(-1), terms(other).at(-1))
  })

  for (const checksum of ['d58f1762a3', 'aGVsbG8gd29ybGQ'])
    test(`leave ${checksum} whole, whose parts mean nothing`, () =>
      assert.deepEqual(terms(checksum), [checksum.toLowerCase()]))

  test('are pairs of characters in Chinese, Japanese and Korean, also beside other scripts', () => {
    assert.deepEqual(asked('市镇'), ['市镇'])
    assert.deepEqual(asked('在 iPhone手机上'), ['在', 'i', 'phone', 'iphone', '手机', '机上'])
    assert.deepEqual(asked('서울에서'), ['서울', '울에', '에서'])
    assert.ok(finds('单位', '波兰领土划分的基本单位是市镇。'))
  })

  test('are single characters too of a text, for a question that is one, and only for that', () => {
    assert.deepEqual(terms('市镇'), ['市镇', '市', '镇'])
    assert.deepEqual(terms('タワー'), ['タワ', 'ワー'])
    for (const [question, text] of [
      ['水', '饮用水的质量'],
      ['물', '물은 맑다'],
    ] as const)
      assert.ok(finds(question, text), question)
    assert.ok(!finds('水果', '饮用水的质量'))
  })

  test('are words of a dictionary in Thai', () => {
    assert.ok(finds('ภาษา', 'ฉันพูดภาษาไทย'))
    for (const word of ['น้ำ', 'นำ']) assert.ok(finds(word, 'เขานำน้ำมาให้'), word)
  })

  test('do not depend on how digits, hyphens and apostrophes are typed', () => {
    assert.deepEqual(terms('F‑22 ١٢٣ Ｗｉｄｅ co\u00adoperate'), terms('F-22 123 Wide cooperate'))
  })

  test('are all found by themselves, whatever the text', () => {
    const scripts = [
      'naïve',
      'Straße',
      '3.5kg',
      '東京タワー',
      'ภาษาไทย',
      'привет',
      'שלום',
      'हिन्दी',
      'x-1/y_2',
      '한국어',
      "d'or",
    ]
    const texts = fc.array(fc.oneof(fc.constantFrom(...scripts), fc.string({ unit: 'grapheme' })), { maxLength: 6 })
    fc.assert(
      fc.property(texts, (some) => {
        const found = new Set(terms(some.join(' ')))
        for (const term of found) {
          assert.ok(!/\s/.test(term), JSON.stringify(term))
          assert.ok(asked(term).includes(term), JSON.stringify(term))
        }
      }),
    )
  })

  test('take time linear in the text', () => {
    const long = [
      'x'.repeat(200_000),
      'a-'.repeat(100_000),
      '市'.repeat(100_000),
      '1,'.repeat(100_000),
      '. '.repeat(100_000),
      'A'.repeat(200_000),
      'aB'.repeat(100_000),
      '1.234'.repeat(50_000),
      '12,'.repeat(70_000),
      "o'".repeat(100_000),
    ]
    const start = performance.now()
    for (const text of long) terms(text)
    assert.ok(performance.now() - start < 5_000)
  })
})
