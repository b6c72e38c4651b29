import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { foldAccents, keywords } from '../../domain/keywords.ts'

const plainForms = (word: string) => [foldAccents(word)]
const terms = (text: string) => keywords(text, plainForms)

/** Whether what is asked for has a term in common with the text. */
const finds = (asked: string, text: string) => terms(asked).some((term) => terms(text).includes(term))

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
    ['e-mail', ['e', 'mail', 'email']],
    ['U.S.', ['u', 's', 'us']],
    ['C++', ['c', 'c++']],
    ["Biden's", ['biden']],
    ['l’amour', ['amour']],
  ] as const)
    test(`have ${identifier} as a whole and in its parts`, () => assert.deepEqual(terms(identifier), expected))

  test('leave a checksum whole, whose parts mean nothing', () => assert.deepEqual(terms('d58f1762a3'), ['d58f1762a3']))

  test('are pairs of characters in Chinese, Japanese and Korean, also beside other scripts', () => {
    assert.deepEqual(terms('市镇'), ['市镇'])
    assert.deepEqual(terms('在 iPhone手机上'), ['在', 'i', 'phone', 'iphone', '手机', '机上'])
    assert.deepEqual(terms('서울에서'), ['서울', '울에', '에서'])
    assert.ok(finds('单位', '波兰领土划分的基本单位是市镇。'))
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
          assert.ok(terms(term).includes(term), JSON.stringify(term))
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
    ]
    const start = performance.now()
    for (const text of long) terms(text)
    assert.ok(performance.now() - start < 5_000)
  })
})
