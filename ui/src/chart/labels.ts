/** Names at the ends of lines, so that no eye has to travel to a legend and back. */

import type uPlot from "uplot";
import { FONT, NARROW } from "./time";

export interface EndLabel {
  series: number;
  text: string;
  colour: string;
}

const APART = 17;

export function endLabels(labels: EndLabel[]): uPlot.Plugin {
  return {
    hooks: {
      draw: (u) => {
        if (u.width < NARROW) return;
        const ratio = devicePixelRatio;
        const { ctx } = u;
        const placed = labels
          .flatMap(({ series, text, colour }) => {
            const values = u.data[series] as readonly (number | null | undefined)[] | undefined;
            const last = values?.findLast((value) => value !== null && value !== undefined);
            if (last === null || last === undefined) return [];
            return [{ text, colour, y: u.valToPos(last, "y", true) / ratio }];
          })
          .sort((a, b) => a.y - b.y);
        spread(placed, u.bbox.top / ratio + 6, (u.bbox.top + u.bbox.height) / ratio - 4);
        ctx.save();
        ctx.font = FONT.replace("14px", `${14 * ratio}px`);
        ctx.textAlign = "left";
        ctx.textBaseline = "middle";
        for (const { text, colour, y } of placed) {
          ctx.fillStyle = colour;
          ctx.fillText(text, u.bbox.left + u.bbox.width + 8 * ratio, y * ratio);
        }
        ctx.restore();
      },
    },
  };
}

/** Push overlapping names apart, downwards first and then back up from the floor. */
export function spread(placed: { y: number }[], ceiling: number, floor: number): void {
  let least = ceiling;
  for (const label of placed) {
    label.y = Math.max(label.y, least);
    least = label.y + APART;
  }
  let most = floor;
  for (const label of placed.toReversed()) {
    label.y = Math.min(label.y, most);
    most = label.y - APART;
  }
}
