import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { extracted, pageTexts } from '../support/extract.ts'

type Content = string | Uint8Array

/** Its type, and its text. */
async function read(content: Content): Promise<[type: string, text: string]> {
  const { documentType, pages } = await extracted(content)
  return [documentType, pages.map(({ text }) => text).join('|')]
}

const textOf = async (content: Content) => (await read(content))[1]

describe('HTML', () => {
  const page = (body: string, head = '') => `<!DOCTYPE html><html><head>${head}</head><body>${body}</body></html>`

  test('headings, paragraphs, lists, quotations and definitions', async () => {
    const body =
      '<h1>One</h1><p>Some <b>bold</b><br>text</p><h3>Two</h3><ul><li>a<ul><li>b</li></ul></li></ul><ol><li>c</li><li>d</li></ol><blockquote>Quoted</blockquote><dl><dt>Term</dt><dd>Meaning</dd></dl>'
    assert.deepEqual(await read(page(body)), [
      'html',
      '# One\n\nSome bold\ntext\n\n### Two\n\n- a\n  - b\n1. c\n2. d\n\nQuoted\n\nTerm\n\nMeaning',
    ])
  })

  test('title and author are those of its head', async () => {
    const { title, author } = await extracted(
      page('x', '<title>Price &amp; list</title><meta name="author" content="Ann">'),
    )
    assert.deepEqual([title, author], ['Price & list', 'Ann'])
  })

  test('what no reader of the page sees is left out', async () => {
    const head = '<style>p { color: red }</style><script>let x = "<p>no</p>"</script>'
    const body = '<noscript>Switch it on</noscript><template><p>No</p></template><!-- no --><p>Yes</p>'
    assert.equal(await textOf(page(body, head)), 'Yes')
  })

  test('entities are letters, soft hyphens are nothing', async () => {
    assert.equal(
      await textOf(page('<p>&lt;a&gt; &amp; &euro;5&nbsp;&#x4e16;&#30028; Donau&shy;dampf</p>')),
      '<a> & €5 世界 Donaudampf',
    )
  })

  test('a table is one of Markdown, unless it arranges a page', async () => {
    const data = '<table><tr><th>a</th><th>b</th></tr><tr><td>1|2</td><td><b>3</b></td></tr></table>'
    assert.equal(await textOf(page(data)), '| a | b |\n| --- | --- |\n| 1\\|2 | 3 |')
    const layout = '<table><tr><td><h2>News</h2><p>First</p></td><td><p>Second</p></td></tr></table>'
    assert.equal(await textOf(page(layout)), '## News\n\nFirst\n\nSecond')
  })

  test('code keeps its lines', async () => {
    assert.equal(await textOf(page('<pre>if (x) {\n    y &lt; 1\n}\n</pre>')), '```\nif (x) {\n    y < 1\n}\n```')
  })

  test('a fragment is a page too', async () => {
    assert.deepEqual(await read('<div><p>One</p><p>Two</p></div>'), ['html', 'One\n\nTwo'])
  })
})

describe('XML', () => {
  test('an element is a line with its name, its attributes one before it', async () => {
    const xml =
      '<?xml version="1.0"?><!-- no --><order xmlns="urn:shop" id="7"><item sku="a-1"><name>Tea &amp; cake</name><price>4</price></item></order>'
    assert.deepEqual(await read(xml), ['xml', 'order id: 7\nitem sku: a-1\nname: Tea & cake\nprice: 4'])
  })

  test('markup inside of a sentence is left out, structure beside words is not', async () => {
    assert.equal(await textOf('<doc><p>It is <i>very</i>  <b>b</b>ig.</p></doc>'), 'p: It is very big.')
    assert.equal(await textOf('<doc>Words<row><a>1</a><b>2</b></row>more</doc>'), 'Words\na: 1\nb: 2\nmore')
  })

  test('CDATA is text', async () => {
    assert.equal(await textOf('<doc><p><![CDATA[a < b & c]]></p></doc>'), 'p: a < b & c')
  })

  test('long texts stand without the name of their element', async () => {
    const prose = 'word '.repeat(50).trim()
    assert.equal(await textOf(`<doc><p>${prose}</p></doc>`), prose)
  })
})

describe('JSON', () => {
  test('strings are as a person sees them', async () => {
    assert.deepEqual(await read(String.raw`{"a": "Gr\u00fc\u00dfe \ud83d\ude00", "b": ["x\ty \"z\"", 1, null]}`), [
      'json',
      '{"a": "Grüße 😀", "b": ["x\ty "z"", 1, null]}',
    ])
  })

  test('a value on each line is JSON Lines', async () => {
    assert.deepEqual(await read('{"a":1}\n\n{"a":"\\u00e9"}\n[3]\n'), ['jsonl', '{"a":1}\n\n{"a":"é"}\n[3]\n'])
  })

  test('what only begins like it is text', async () => {
    for (const text of ['[see below] for more', '{a} and {b}', '{"a": 1'])
      assert.deepEqual(await read(text), ['text', text])
  })
})

describe('CSV', () => {
  const table = '| Name | Note |\n| --- | --- |\n| Ann | 1 |\n| Bob | 2 |'

  test('the delimiter is found', async () => {
    for (const delimiter of [',', ';', '\t', '|'])
      assert.deepEqual(await read(['Name,Note', 'Ann,1', 'Bob,2'].join('\r\n').replaceAll(',', delimiter)), [
        'csv',
        table,
      ])
    assert.deepEqual(await read(`\ufeffName;Note\nAnn;1\n\nBob;2\n`), ['csv', table])
  })

  test('quoted cells may have delimiters, quotes, lines and pipes', async () => {
    assert.deepEqual(await read('a,b\n"x, ""y""","line\nbreak"\n1,2|3\n'), [
      'csv',
      '| a | b |\n| --- | --- |\n| x, "y" | line break |\n| 1 | 2\\|3 |',
    ])
  })

  test('prose with commas is text', async () => {
    for (const prose of ['Dear Ann, dear Bob\nI came, I saw\nNow, then\n', 'To:\tAnn\nHello\nThere', 'a,b\n'])
      assert.deepEqual(await read(prose), ['text', prose])
  })
})

describe('mail', () => {
  const mail = (...lines: string[]) => lines.join('\r\n')

  test('the plain one of alternatives, decoded; headers; names of what is attached', async () => {
    const { pages, title, author, documentType } = await extracted(
      mail(
        'Received: from a by b',
        'From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>',
        'To: Ann <ann@example.org>, bob@example.org',
        'Cc: =?utf-8?b?w4dhxJ/EsQ==?= <c@example.org>',
        'Subject: =?iso-8859-1?Q?Gr=FC=DFe?=',
        'Date: Mon, 01 Jan 2024 10:00:00 +0100',
        'MIME-Version: 1.0',
        'Content-Type: multipart/mixed; boundary=m',
        '',
        '--m',
        'Content-Type: multipart/alternative; boundary=a',
        '',
        '--a',
        'Content-Type: text/plain; charset=iso-8859-1',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'Sch=F6ne Gr=FC=DFe aus dem S=FC=',
        'den',
        '--a',
        'Content-Type: text/html',
        '',
        '<p>HTML</p>',
        '--a--',
        '--m',
        'Content-Type: application/pdf',
        'Content-Disposition: attachment; filename="plan.pdf"',
        'Content-Transfer-Encoding: base64',
        '',
        'JVBERi0=',
        '--m--',
      ),
    )
    assert.deepEqual(
      pages.map(({ text }) => text.replaceAll(/\n{2,}/g, '\n\n')),
      [
        'Subject: Grüße\nFrom: Jürgen <j@example.org>\nTo: Ann <ann@example.org>, bob@example.org\nCc: Çağı <c@example.org>\nDate: 2024-01-01T09:00:00.000Z\n\nSchöne Grüße aus dem Süden\n\nAttachments: plan.pdf',
      ],
    )
    assert.deepEqual([documentType, title, author], ['email', 'Grüße', 'Jürgen <j@example.org>'])
  })

  test('one in HTML only is read as a page', async () => {
    const html = mail(
      'From: a@example.org',
      'Subject: Hi',
      'Content-Type: text/html; charset=utf-8',
      '',
      '<h1>Hello</h1><p>there</p>',
    )
    assert.deepEqual(await read(html), ['email', 'Subject: Hi\nFrom: a@example.org\n\n# Hello\n\nthere'])
  })

  test('a byte order mark is no part of its first header', async () => {
    assert.deepEqual(await read(`\ufeff${mail('From: a@example.org', 'Subject: Hi', '', 'Hello')}`), [
      'email',
      'Subject: Hi\nFrom: a@example.org\n\nHello\n',
    ])
  })

  test('a text that begins with one such word is text', async () => {
    assert.equal((await read('Subject: the sea\n\nIt is wide.'))[0], 'text')
  })
})

test('Markdown that begins with an element is Markdown, and prose that names one is prose', async () => {
  const readme = '<p align="center">\n  <img alt="Logo">\n</p>\n\n# Title\n\nSome text.\n\n- one\n- two\n'
  assert.deepEqual(await read(readme), ['markdown', readme])
  const prose = '<div> is the element that beginners use. Use <section> instead.'
  assert.deepEqual(await read(prose), ['text', prose])
})

test('Markdown and plain text stay as they are', async () => {
  const markdown = '# Title\n\nSome **bold** and a [link](https://example.org).\n\n- a\n- b\n'
  assert.deepEqual(await read(markdown), ['markdown', markdown])
  const text = '  Indented,\n\n\n# not a heading\twith a tab'
  assert.deepEqual(await read(text), ['text', text])
  assert.deepEqual(await pageTexts('One\fTwo'), ['One\nTwo'])
})
