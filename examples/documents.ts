/** What the example PDFs say. The company and its instruments are invented. */
import type { Block, Pdf } from './draw-pdf.ts'

const heading = (text: string): Block => ({ heading: text })
const text = (...paragraphs: string[]): Block => ({ text: paragraphs })
const list = (...items: string[]): Block => ({ list: items })
const steps = (...items: string[]): Block => ({ list: items, numbered: true })
const table = (...rows: string[][]): Block => ({ rows })
const note = (content: string): Block => ({ note: content })

export const MANUAL: Pdf = {
  title: 'S200 Echo Sounder',
  subtitle: 'Owner’s manual',
  reference: 'HL-M-200-07',
  pages: [
    [
      heading('About this manual'),
      text(
        'The Harbourlight S200 is an echo sounder for survey boats and harbour craft. It measures the depth below the keel by the time that a pulse of sound takes to the seabed and back.',
        'Read the chapters on installation and on calibration before the first voyage. Keep this manual on board: harbour inspectors may ask for it.',
      ),
      table(
        ['Chapter', 'Page'],
        ['1  What is in the box', '2'],
        ['2  Installation', '3'],
        ['3  Operating ranges', '4'],
        ['4  Calibration', '5'],
        ['5  Error codes', '6'],
      ),
      note('The S200 is an aid to navigation. It does not replace a chart that is up to date, nor a look-out.'),
    ],
    [
      heading('1  What is in the box'),
      table(
        ['Part', 'Article', 'Pieces'],
        ['Display unit with sun cover', 'S200', '1'],
        ['Transducer with twelve metres of cable', 'TR-50', '1'],
        ['Mounting bracket of anodised aluminium', 'MB-2', '1'],
        ['Cable gland for bulkheads', 'CG-12', '2'],
        ['Bolt M6 of stainless steel, with washer', 'B-M6', '4'],
      ),
      text(
        'If anything is missing, write to the address on the last page within thirty days and name the serial number, which is printed below the bar code.',
        'Store the transducer dry and out of the sun until it is mounted. The rubber of its face becomes brittle below minus twenty degrees Celsius.',
      ),
    ],
    [
      heading('2  Installation'),
      text(
        'Mount the transducer at least forty centimetres from the propeller, where the flow of water is smooth. Its face must be parallel to the surface of the water within three degrees.',
      ),
      steps(
        'Drill the bulkhead with a hole saw of 32 millimetres and fit the cable gland.',
        'Tighten the four bolts crosswise to eight newton metres.',
        'Supply the display with 12 or 24 volts DC through a fuse of three amperes.',
        'Lead the shield of the cable to the common earth of the vessel, at one end only.',
      ),
      note('Never run the transducer cable beside the cables of the radio: keep them half a metre apart.'),
    ],
    [
      heading('3  Operating ranges'),
      text(
        'The blanking distance of the transducer is 0.45 metres at 200 kHz and 1.20 metres at 50 kHz. Anything nearer than the blanking distance cannot be measured.',
      ),
      table(
        ['Frequency', 'Blanking distance', 'Greatest depth', 'Beam width'],
        ['200 kHz', '0.45 m', '180 m', '9°'],
        ['50 kHz', '1.20 m', '650 m', '28°'],
      ),
      text(
        'The greatest depth holds in salt water of ten degrees Celsius over sand. Mud takes about a fifth of it away, weed about a third.',
      ),
    ],
    [
      heading('4  Calibration'),
      text('Calibrate the speed of sound at the beginning of each season, and after every change of the transducer.'),
      steps(
        'Lower the calibration bar CB-5 to exactly five metres below the surface.',
        'Choose Menu, Calibration, Bar check.',
        'Confirm when the reading is steady for ten seconds.',
        'Note the speed of sound that is shown in the log book of the vessel.',
      ),
      text(
        'Without a calibration bar, enter the temperature and the salinity of the water; the S200 then computes the speed of sound by the equation of Mackenzie.',
      ),
    ],
    [
      heading('5  Error codes'),
      table(
        ['Code', 'Meaning', 'What to do'],
        ['E07', 'The transducer is not connected, or its cable is broken', 'Measure 40 ohms between the two cores'],
        ['E12', 'The supply voltage fell below ten volts', 'Charge the battery, clean the terminals'],
        ['E31', 'The memory for tracks is full', 'Export the tracks, then delete them'],
      ),
      text('To clear an error, mend its cause and press and hold the bell key for three seconds.'),
      note(
        'Harbourlight Marine Instruments, Verksgata 14, Stavanger. Service is there on working days from 8 to 16 hours.',
      ),
    ],
  ],
}

export const WARRANTY: Pdf = {
  title: 'Warranty and Service Policy',
  subtitle: 'For instruments sold from January 2026',
  reference: 'HL-W-2026-01',
  pages: [
    [
      heading('Warranty period'),
      text(
        'Harbourlight guarantees its instruments against faults of material and workmanship for thirty-six months from the date of the invoice. For transducers the period is twenty-four months, for batteries twelve.',
        'A repair under warranty does not begin a new period, but the parts that were replaced are guaranteed for six months in any case.',
      ),
      list(
        'The warranty is void where the housing was opened by anyone but a certified workshop.',
        'Damage by lightning, by ice or by the wrong polarity is not covered.',
      ),
    ],
    [
      heading('How to make a claim'),
      steps(
        'Ask for a return number at the service centre in Stavanger.',
        'Send the instrument there with a copy of the invoice, in a box that bears this number.',
        'You pay for the shipping to us; we pay for the way back.',
      ),
      text(
        'A claim is answered within five working days. If the repair takes longer than fifteen working days, we lend an instrument free of charge.',
      ),
    ],
    [
      heading('Service intervals'),
      text(
        'Instruments in professional use are inspected every twelve months. An inspection costs 140 euros and includes new seals, a pressure test at six bar and a certificate of calibration.',
      ),
      table(
        ['Service', 'Interval', 'Price'],
        ['Inspection of an echo sounder', '12 months', '140 EUR'],
        ['Overhaul of a tide gauge', '36 months', '615 EUR'],
        ['Exchange of a battery', '48 months', '55 EUR'],
      ),
      note('Prices are without value added tax and hold until the end of 2026.'),
    ],
  ],
}

export const REPORT: Pdf = {
  title: 'Field Report 2025',
  subtitle: 'Tide gauges of the outer harbour',
  reference: 'HL-R-2025-11',
  pages: [
    [
      heading('Summary'),
      text(
        'In 2025 the four tide gauges of the outer harbour were in service on 357 of 365 days on average. Gauge North was replaced after the storm of 14 February, which broke its float.',
        'The highest water of the year came with the equinoctial gale of 21 October: 3.84 metres above chart datum. The gate of the lock was shut for eleven hours.',
      ),
      list(
        'Every gauge was compared with the tide staff once a month.',
        'The largest difference was 1.2 centimetres, at the lock in July.',
        'Data were sent to the port authority every six minutes.',
      ),
    ],
    [
      heading('Measurements by gauge'),
      table(
        ['Gauge', 'Days in service', 'Highest water', 'Lowest water'],
        ['North', '341', '3.84 m', '-0.31 m'],
        ['East', '365', '3.79 m', '-0.28 m'],
        ['Lock', '363', '3.66 m', '-0.12 m'],
        ['Pier 9', '358', '3.81 m', '-0.35 m'],
      ),
      text(
        'Heights are in metres above chart datum. A day counts as in service where at least 230 of 240 readings arrived.',
      ),
    ],
    [
      heading('Recommendations'),
      table(
        ['Measure', 'Before', 'Cost'],
        ['A second float switch for all gauges', 'November 2026', '2,480 EUR'],
        ['Cabinet of gauge Pier 9 moved sixty centimetres up', 'September 2026', '1,150 EUR'],
        ['Modem of gauge East exchanged', 'June 2026', '390 EUR'],
      ),
      text('Waves reached the cabinet at Pier 9 twice in November. Its door was sealed for the winter.'),
    ],
  ],
}

export const CONTRACT: Pdf = {
  title: 'Supplier Contract',
  subtitle: 'Confidential',
  reference: 'HL-C-0042',
  userPassword: 'harbourlight',
  pages: [[heading('Terms of delivery'), text('Prices and terms of delivery of our suppliers.')]],
}

export const NOTES: Pdf = {
  title: 'Field Notes',
  subtitle: 'Buoy 17, second week of March',
  reference: 'HL-N-2026-17',
  pages: [
    [
      heading('Tuesday'),
      text(
        'Buoy 17 had drifted eighty metres to the south. We lifted the anchor and found that two links of the chain were worn through.',
      ),
      list(
        'Wind west, force six; swell of two metres.',
        'Back in port at 17:40, since the crane of the tender was iced.',
      ),
    ],
    [
      heading('Wednesday'),
      text(
        'New anchor of 450 kilograms set at low water, chain of 26 millimetres. The lamp of buoy 17 flashes again, every five seconds.',
      ),
      list('Position checked by three bearings.', 'The old chain went to the yard for a tensile test.'),
    ],
  ],
}
