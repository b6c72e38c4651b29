/** Writes the example documents: `node examples/make-examples.ts`. They are committed, so this is only for those who change them. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import PDFDocument from 'pdfkit'

type Block =
  | { readonly heading: string }
  | { readonly text: string }
  | { readonly rows: readonly (readonly string[])[] }
type Pdf = { readonly title: string; readonly pages: readonly (readonly Block[])[]; readonly userPassword?: string }

const DATE = new Date('2026-03-02T09:00:00Z')
const INK = '#1b2a41'
const ACCENT = '#0b7a75'
const MARGIN = 64

const h = (heading: string): Block => ({ heading })
const p = (text: string): Block => ({ text })

const MANUAL: Pdf = {
  title: 'S200 Echo Sounder – Owner’s Manual',
  pages: [
    [
      h('About this manual'),
      p(
        'The Harbourlight S200 is an echo sounder for survey boats and harbour craft. It measures the depth below the keel by the time that a pulse of sound takes to the seabed and back.',
      ),
      p('Read the chapters on installation and on calibration before the first voyage. Keep this manual on board.'),
    ],
    [
      h('1 What is in the box'),
      p(
        'One S200 display unit, one TR-50 transducer with twelve metres of cable, one mounting bracket, two cable glands, four M6 bolts of stainless steel, and this manual.',
      ),
      p(
        'If anything is missing, write to the address on the last page within thirty days and name the serial number, which is printed below the bar code.',
      ),
    ],
    [
      h('2 Installation'),
      p(
        'Mount the transducer at least forty centimetres from the propeller, where the flow of water is smooth. The face of the transducer must be parallel to the surface of the water within three degrees.',
      ),
      p(
        'Supply the display with 12 or 24 volts DC through a fuse of three amperes. Never run the transducer cable beside the cables of the radio.',
      ),
    ],
    [
      h('3 Operating ranges'),
      p(
        'The blanking distance of the transducer is 0.45 metres at 200 kHz and 1.20 metres at 50 kHz. Anything nearer than the blanking distance cannot be measured.',
      ),
      p('The greatest depth is 180 metres at 200 kHz and 650 metres at 50 kHz, in salt water of ten degrees Celsius.'),
    ],
    [
      h('4 Calibration'),
      p(
        'Calibrate the speed of sound at the beginning of each season. Lower the calibration bar to exactly five metres, choose Menu, Calibration, Bar check, and confirm when the reading is steady for ten seconds.',
      ),
      p(
        'Without a calibration bar, enter the temperature and the salinity of the water; the S200 then computes the speed of sound by the equation of Mackenzie.',
      ),
    ],
    [
      h('5 Error codes'),
      p(
        'E07 means that the transducer is not connected or that its cable is broken. E12 means that the supply voltage fell below ten volts. E31 means that the memory for tracks is full.',
      ),
      p('To clear an error, mend its cause and press and hold the bell key for three seconds.'),
    ],
  ],
}

const WARRANTY: Pdf = {
  title: 'Warranty and Service Policy',
  pages: [
    [
      h('Warranty period'),
      p(
        'Harbourlight guarantees its instruments against faults of material and workmanship for thirty-six months from the date of the invoice. For transducers the period is twenty-four months.',
      ),
      p('The warranty is void where the housing was opened by anyone but a certified workshop.'),
    ],
    [
      h('How to make a claim'),
      p(
        'Send the instrument with a copy of the invoice to the service centre in Stavanger. Shipping to us is paid by the customer; we pay the shipping back.',
      ),
      p(
        'A claim is answered within five working days. If the repair takes longer than fifteen working days, we lend an instrument free of charge.',
      ),
    ],
    [
      h('Service intervals'),
      p(
        'Instruments in professional use are inspected every twelve months. An inspection costs 140 euros and includes new seals, a pressure test at six bar and a certificate of calibration.',
      ),
    ],
  ],
}

const REPORT: Pdf = {
  title: 'Field Report 2025: Tide Gauges of the Outer Harbour',
  pages: [
    [
      h('Summary'),
      p(
        'In 2025 the four tide gauges of the outer harbour were in service on 361 of 365 days. Gauge North was replaced after the storm of 14 February, which broke its float.',
      ),
      p('The highest water of the year was measured on 21 October: 3.84 metres above chart datum.'),
    ],
    [
      h('Measurements by gauge'),
      {
        rows: [
          ['Gauge', 'Days in service', 'Highest water', 'Lowest water'],
          ['North', '341', '3.84 m', '-0.31 m'],
          ['East', '365', '3.79 m', '-0.28 m'],
          ['Lock', '363', '3.66 m', '-0.12 m'],
          ['Pier 9', '358', '3.81 m', '-0.35 m'],
        ],
      },
    ],
    [
      h('Recommendations'),
      p(
        'Fit all gauges with a second float switch before the winter. Move the cabinet of gauge Pier 9 sixty centimetres up, since waves reached it twice in November.',
      ),
    ],
  ],
}

const CONTRACT: Pdf = {
  title: 'Supplier Contract',
  userPassword: 'harbourlight',
  pages: [[h('Confidential'), p('Prices and terms of delivery of our suppliers.')]],
}

const NOTES: Pdf = {
  title: 'Field Notes, Buoy 17',
  pages: [
    [
      h('Tuesday'),
      p(
        'Buoy 17 had drifted eighty metres to the south. We lifted the anchor and found that two links of the chain were worn through.',
      ),
    ],
    [
      h('Wednesday'),
      p(
        'New anchor of 450 kilograms set at low water, chain of 26 millimetres. The lamp of buoy 17 flashes again, every five seconds.',
      ),
    ],
  ],
}

const FAQ = `# Frequently asked questions

## Can the S200 be used in fresh water?

Yes. Choose *Menu, Water, Fresh*. The greatest depth is about a tenth larger than in salt water.

## How do I update the software?

Copy the file \`s200.hlu\` to the root of a USB stick formatted as FAT32, plug it in, and switch the display on while you
hold the bell key. An update takes four minutes. Never cut the power while the bar is amber.

## Does it talk NMEA 2000?

Yes, with the adapter cable HL-N2K. Depth, temperature and speed through water are sent once a second.
`

const RELEASE_NOTES = `S200 software 4.2, 2 March 2026

New
- Night mode: the display turns red and dims itself after sunset.
- Tracks can be exported as GPX to a USB stick.

Mended
- The depth alarm no longer sounds twice when the boat crosses the contour slowly.
- E12 is shown at once, and not only after the display was restarted.

Known
- With the HL-N2K adapter of 2023 the water temperature is missing; ask us for its firmware 1.8.
`

const PRICES = `article,description,price_eur,delivery
S200,Echo sounder with TR-50 transducer,1290.00,3 days
TR-50,Transducer 50/200 kHz,420.00,3 days
HL-N2K,Adapter cable for NMEA 2000,89.00,from stock
CB-5,Calibration bar 5 m,74.50,from stock
HL-COVER,Sun cover for the display,29.90,2 weeks
`

async function render({ title, pages, userPassword }: Pdf): Promise<Buffer> {
  const info = { Title: title, Author: 'Harbourlight Marine Instruments', CreationDate: DATE, ModDate: DATE }
  const document = new PDFDocument({
    autoFirstPage: false,
    margin: MARGIN,
    size: 'A4',
    info,
    ...(userPassword && { userPassword }),
  })
  for (const [i, blocks] of pages.entries()) {
    document.addPage()
    document.font('Helvetica').fontSize(9).fillColor(ACCENT).text(`HARBOURLIGHT MARINE INSTRUMENTS  ·  ${title}`)
    document.moveDown(2)
    for (const block of blocks) draw(document, block)
    document
      .fontSize(9)
      .fillColor('#666666')
      .text(`Page ${i + 1} of ${pages.length}`, MARGIN, 760, { lineBreak: false })
  }
  document.end()
  const parts: Buffer[] = []
  for await (const part of document) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function draw(document: PDFKit.PDFDocument, block: Block): void {
  if ('heading' in block) document.font('Helvetica-Bold').fontSize(18).fillColor(INK).text(block.heading).moveDown(0.7)
  else if ('text' in block)
    document.font('Helvetica').fontSize(11.5).fillColor(INK).text(block.text, { lineGap: 4 }).moveDown(0.8)
  else
    document
      .font('Helvetica')
      .fontSize(11)
      .fillColor(INK)
      .table({ data: block.rows.map((row) => [...row]) })
}

const write = (name: string, content: Buffer | string) => writeFile(join(import.meta.dirname, name), content)

const notes = await render(NOTES)
await write('01-echo-sounder-manual.pdf', await render(MANUAL))
await write('02-warranty-and-service.pdf', await render(WARRANTY))
await write('03-field-report-2025.pdf', await render(REPORT))
await write('04-faq.md', FAQ)
await write('05-release-notes.txt', RELEASE_NOTES)
await write('06-price-list.csv', PRICES)
await write('07-supplier-contract.pdf', await render(CONTRACT))
// The head of a real PDF, then nothing that a reader could use: as after a broken transfer.
await write('08-field-notes.pdf', Buffer.concat([notes.subarray(0, 120), Buffer.alloc(2_000, 0)]))
await write('replacements/08-field-notes.pdf', notes)
