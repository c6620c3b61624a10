/** A table is a table: caption, scopes, numbers at the right, scrolling inside itself. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

export interface Column<Row> {
  name: string;
  /** Stands in the header beside the name. */
  unit?: string;
  /** Stands in the header instead of the name. */
  head?: ComponentChildren;
  number?: boolean;
  /** How the rows follow this column, where the reader may choose that. */
  sorted?: "ascending" | "descending" | "none";
  cell(row: Row, at: number): ComponentChildren;
  /** Extra class of a cell, for example "worst". */
  mark?(row: Row, at: number): string | undefined;
}

export interface TableProps<Row> {
  caption: string;
  /** Hide the caption from sight where a heading right above says the same. */
  quiet?: boolean;
  columns: Column<Row>[];
  rows: Row[];
  /** How many rows stand before the rest is asked for. */
  first?: number;
  rowClass?(row: Row): string | undefined;
}

export function Table<Row>({
  caption,
  quiet,
  columns,
  rows,
  first = rows.length,
  rowClass,
}: TableProps<Row>) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, first);
  return (
    <div class="table">
      {quiet !== true && (
        <p class="caption" aria-hidden="true">
          {caption}
        </p>
      )}
      <div
        class={all && rows.length > 40 ? "scroll tall" : "scroll"}
        tabIndex={0}
        role="region"
        aria-label={caption}
      >
        <table>
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.name}
                  scope="col"
                  class={column.number === true ? "number" : undefined}
                  aria-sort={column.sorted}
                >
                  {column.head ?? column.name}
                  {column.unit !== undefined && <span class="unit"> {column.unit}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, at) => (
              <tr key={at} class={rowClass?.(row)}>
                {columns.map((column, place) => {
                  const classes = [column.number === true ? "number" : "", column.mark?.(row, at) ?? ""]
                    .filter(Boolean)
                    .join(" ");
                  const attributes = classes === "" ? {} : { class: classes };
                  return place === 0 ? (
                    <th key={column.name} scope="row" {...attributes}>
                      {column.cell(row, at)}
                    </th>
                  ) : (
                    <td key={column.name} {...attributes}>
                      {column.cell(row, at)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < rows.length && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          Show all {rows.length.toLocaleString("en")} rows
        </button>
      )}
    </div>
  );
}
