// SPDX-License-Identifier: MIT
// The sequence picture: a grid of rows.  Only the rows in view are in the
// document.  A row is an event; each connection has a column with its client on
// the left and its server on the right.
"use strict";

const ROW = 24;			// height, pixels
const GAP = 30;			// height of a gap's mark, pixels
const LONG = 100000;		// a gap worth showing, microseconds
const MOST = 8e6;		// height of all rows, pixels: browsers limit it
const OVER = 12;		// rows that are kept on each side of the view

class Picture {
	// grid: the scrolling element.  onSelect(event, open): is called when a
	// row becomes the active one; open: the user asks for its details.
	constructor(grid, onSelect) {
		this.grid = grid;
		this.onSelect = onSelect;
		this.heads = element("div", {className: "heads", role: "row"});
		this.heads.setAttribute("aria-rowindex", 1);
		this.decor = element("div", {className: "decor"});
		this.decor.setAttribute("aria-hidden", "true");
		this.body = element("div", {className: "rows", role: "rowgroup"});
		this.space = element("div", {className: "space"}, this.decor,
			this.body);
		this.space.setAttribute("role", "presentation");
		grid.replaceChildren(element("div", {role: "rowgroup",
			className: "top"}, this.heads), this.space);
		this.traces = [];
		this.shown = [];	// events, in order
		this.tops = [];		// their places, pixels
		this.nodes = new Map();	// rows in the document, by index
		this.active = -1;
		this.base = 0;
		this.found = new Set();
		this.scale = {mode: "order", zoom: 0};
		this.drawing = 0;
		this.lifelines();
		grid.addEventListener("scroll", () => this.draw(), {passive: true});
		new ResizeObserver(() => this.resized()).observe(grid);
		grid.addEventListener("click", e => this.clicked(e));
		grid.addEventListener("keydown", e => this.key(e));
	}

	// Makes rows of these traces' events for which wanted(event) is true;
	// layOut places the rows.
	show(traces, events, wanted) {
		const kept = this.shown[this.active];
		this.traces = traces;
		this.shown = [];
		this.total = 0;
		for (const event of events) {
			event.row = this.shown.length;
			event.shown = wanted(event) && event.row < MOST / ROW;
			this.total += wanted(event);
			if (event.shown)
				this.shown.push(event);
		}
		this.base = traces.length ? Math.min(...traces.map(t => t.start)) : 0;
		this.active = kept && kept.shown ? kept.row : -1;
		this.columns();
		if (this.active >= 0)
			this.grid.setAttribute("aria-activedescendant",
				"row" + this.active);
	}

	// Makes the columns.  Connections that do not overlap share a column.
	columns() {
		const columns = [];
		for (const t of this.traces) {
			let i = columns.findIndex(c => c.until < t.start);
			if (i < 0)
				i = columns.push({traces: [], lanes: 1}) - 1;
			const c = columns[i];
			c.traces.push(t);
			c.lanes = Math.max(c.lanes, t.lanes);
			c.until = t.last ? t.last.at : t.running ? Infinity :
				t.start + t.duration;
			t.column = i;
		}
		const n = columns.length;
		const lanes = Math.max(1, ...columns.map(c => c.lanes));
		this.bar = Math.max(2, Math.min(8, Math.floor(96 / lanes)));
		this.gutter = lanes * (this.bar + 1) + 16;
		const width = "calc(16rem + " + this.gutter + "px)";
		this.grid.style.cssText = "--gutter:" + this.gutter + "px;--columns:" +
			"repeat(" + n + ",minmax(" + width + ",1fr));--width:calc(" +
			"var(--time) + " + n + " * " + width + ")";
		const heads = columns.map((c, i) => {
			const head = element("div", {role: "columnheader",
				className: "head"}, element("span", {}, "Client"),
				element("span", {className: "peer"}, this.peers(c.traces)),
				element("span", {}, "Server"));
			head.setAttribute("aria-colindex", i + 2);
			return head;
		});
		const time = element("div", {role: "columnheader", className: "time"},
			"Seconds");
		time.setAttribute("aria-colindex", 1);
		this.heads.replaceChildren(time, ...heads);
		this.grid.setAttribute("aria-colcount", n + 1);
		this.grid.setAttribute("aria-rowcount", this.shown.length + 1);
	}

	peers(traces) {
		if (this.traces.length === 1)
			return brief(traces[0].facts.client);
		const numbers = traces.map(t => t.number);
		return (numbers.length > 1 ? "connections " : "connection ") +
			(numbers.length < 6 ? numbers.join(", ") : numbers[0] +
			", \u2026, " + numbers[numbers.length - 1]);
	}

	// Pixels per millisecond, if time is to scale.
	get perMs() {
		let busy = 1;
		for (let i = 1; i < this.shown.length; i++) {
			const dt = this.shown[i].at - this.shown[i - 1].at;
			busy += dt < LONG ? dt : 0;
		}
		return this.shown.length * ROW * 1000 / busy * 2 ** this.scale.zoom;
	}

	layOut() {
		const {mode} = this.scale, n = this.shown.length;
		const span = n ? this.shown[n - 1].at - this.shown[0].at : 0;
		const perUs = Math.min(this.perMs / 1000,
			(MOST - n * ROW) / Math.max(1, span));
		this.tops = new Float64Array(n + 1);
		this.gaps = new Float64Array(n + 1);
		let y = 8;
		for (let i = 0; i < n; i++) {
			const dt = i ? this.shown[i].at - this.shown[i - 1].at : 0;
			const wanted = Math.max(0, dt * perUs - ROW);
			const gap = mode === "order" ? dt >= LONG ? GAP : 0 :
				mode === "folded" && wanted > 8 * ROW ? 2 * GAP : wanted;
			this.gaps[i] = gap;
			this.tops[i] = y + gap;
			y += gap + ROW;
		}
		this.tops[n] = y;
		this.space.style.height = y + 16 + "px";
		this.shownScale = perUs * 1000;
		for (const [i, node] of this.nodes) {
			if (this.is(node, i))
				continue;
			node.remove();
			this.nodes.delete(i);
		}
		this.lifelines();
		this.drawNow();
		this.resized();
	}

	// Returns whether node is still right for row i, so that it can stay.
	is(node, i) {
		const event = this.shown[i];
		return node.shows === event && event !== undefined &&
			node.key === this.keyOf(event) && node.top === this.tops[i] &&
			node.gap === this.gaps[i];
	}

	keyOf({tone, trace}) {
		return [tone, trace.column, trace.number, this.traces.length].join();
	}

	// Returns the first row that ends below y.
	rowAt(y) {
		let low = 0, high = this.shown.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.tops[middle] + ROW > y)
				high = middle;
			else
				low = middle + 1;
		}
		return low;
	}

	// Returns where an event is, or would be if no filter left it out.
	placeOf(event) {
		return event.shown ? this.tops[event.row] + ROW / 2 :
			this.tops[Math.min(event.row, this.shown.length)];
	}

	lifelines() {
		this.lines = element("div", {className: "lines"});
		for (const t of this.traces) {
			const box = element("div", {className: "life"});
			const from = t.events.length ? this.placeOf(t.events[0]) : 0;
			const to = t.last ? this.placeOf(t.last) : this.tops[
				this.shown.length] + 16;
			box.style.cssText = "grid-column:" + (t.column + 2) + ";margin-top:" +
				from + "px;height:" + Math.max(0, to - from) + "px";
			this.lines.append(box);
		}
		this.bars = element("div", {className: "bars"});
		this.decor.replaceChildren(this.lines, this.bars);
	}

	resized() {
		this.grid.classList.toggle("sideways",
			this.grid.scrollWidth > this.grid.clientWidth);
		this.draw();
	}

	draw() {
		this.drawing ||= requestAnimationFrame(() => {
			this.drawing = 0;
			this.drawNow();
		});
	}

	drawNow() {
		const top = this.grid.scrollTop, height = this.grid.clientHeight;
		const n = this.shown.length, end = this.rowAt(top + height);
		const seen = Math.min(this.rowAt(top), n - 1);
		// After a leap, first draws the rows in view, then the others.
		const leap = n > 0 && !this.nodes.has(seen) && !this.nodes.has(end);
		const over = leap ? 1 : OVER;
		const first = Math.max(0, seen - over);
		const last = Math.min(n, end + over);
		for (const [i, node] of this.nodes) {
			if ((i < first || i >= last) && i !== this.active) {
				node.remove();
				this.nodes.delete(i);
			}
		}
		for (let i = first; i < last; i++)
			this.ensure(i);
		if (this.active >= 0)
			this.ensure(this.active);
		else
			this.grid.removeAttribute("aria-activedescendant");
		this.drawBars(top - 200, top + height + 200);
		if (leap)
			this.draw();
	}

	ensure(i) {
		let node = this.nodes.get(i);
		if (!node) {
			node = this.row(i);
			this.nodes.set(i, node);
			// In document order, which screen readers follow.
			let next = null;
			for (const other of this.body.children) {
				if (other.index > i) {
					next = other;
					break;
				}
			}
			this.body.insertBefore(node, next);
		}
		return node;
	}

	drawBars(top, bottom) {
		const bars = [];
		for (const t of this.traces) {
			const end = t.last || this.shown[this.shown.length - 1];
			for (const call of t.calls) {
				const from = this.placeOf(call.from);
				const to = call.to ? this.placeOf(call.to) :
					end ? this.placeOf(end) : from;
				if (to < top || from > bottom)
					continue;
				const bar = element("div", {className: "bar s" +
					t.colour(call.from.line) + (call.to ? "" : " open")});
				bar.style.cssText = "grid-column:" + (t.column + 2) +
					";margin-top:" + from + "px;height:" +
					Math.max(4, to - from) + "px;width:" + this.bar +
					"px;margin-right:" + (this.gutter - 12 -
					(call.lane + 1) * (this.bar + 1)) + "px";
				bars.push(bar);
			}
		}
		this.bars.replaceChildren(...bars);
	}

	row(i) {
		const event = this.shown[i];
		const node = element("div", {role: "row", className: "row",
			id: "row" + i});
		node.index = i;
		node.shows = event;
		node.key = this.keyOf(event);
		node.top = this.tops[i];
		node.gap = this.gaps[i];
		node.style.top = this.tops[i] + "px";
		node.setAttribute("aria-rowindex", i + 2);
		node.setAttribute("aria-selected", i === this.active);
		node.classList.toggle("active", i === this.active);
		node.classList.toggle("found", this.found.has(event));
		const time = element("div", {role: "rowheader", className: "time"});
		const seconds = ((event.at - this.base) / 1e6).toFixed(6);
		time.append(seconds.slice(0, -3), element("small", {},
			seconds.slice(-3)));
		time.setAttribute("aria-colindex", 1);
		const cell = this.cell(event);
		node.append(time, cell);
		if (this.gaps[i] >= GAP) {
			const gap = element("div", {className: "gap"}, element("span", {},
				duration(event.at - this.shown[i - 1].at)));
			gap.style.height = this.gaps[i] + "px";
			gap.setAttribute("aria-hidden", "true");
			node.append(gap);
		}
		return node;
	}

	cell(event) {
		const {line, trace} = event;
		const kind = "dir" in line ? line.dir : Object.hasOwn(OTHER, line.type) ?
			line.type : "mark";
		const cell = element("div", {role: "gridcell", className: "cell " +
			kind + " s" + trace.colour(line) +
			(event.tone ? " " + event.tone : "")});
		cell.setAttribute("aria-colindex", trace.column + 2);
		cell.style.gridColumn = trace.column + 2;
		const said = event.words ??= inWords(line);
		const label = element("span", {className: "label"});
		if (event.tone === "bad")
			label.append(element("span", {className: "sign"}, "\u2716 "));
		label.append(element("span", {className: "unseen"},
			this.unseen(event)));
		if (this.traces.length > 1 && line.type === "connection")
			label.append(element("b", {}, trace.number + ": "));
		if (said.type)
			label.append(element("b", {}, said.type), " ");
		if (line.stream)
			label.append(element("span", {className: "chip"},
				element("span", {className: "unseen"}, "stream "),
				String(line.stream)), " ");
		label.append(said.text);
		if (event.bad)
			label.append(element("span", {className: "why"}, " " +
				brief(event.bad, 200)));
		cell.append(label);
		return cell;
	}

	// Says what colours, columns and arrows say, for users who do not see
	// them.
	unseen({tone, line, trace}) {
		return (tone === "bad" ? "Wrong: " : "") + (this.traces.length < 2 ? "" :
			line.type === "connection" ? "Connection " : "Connection " +
			trace.number + ": ") + (!("dir" in line) ? "" : line.dir === "in" ?
			"from the client: " : "from the server: ");
	}

	// ---- the active row

	select(i, open = false) {
		if (!this.shown.length)
			return;
		i = Math.max(0, Math.min(this.shown.length - 1, i));
		const old = this.nodes.get(this.active);
		if (old) {
			old.setAttribute("aria-selected", "false");
			old.classList.remove("active");
		}
		this.active = i;
		const top = this.tops[i], view = this.grid;
		const head = this.heads.offsetHeight;
		if (top < view.scrollTop + ROW)
			view.scrollTop = top - ROW;
		else if (top + 2 * ROW > view.scrollTop + view.clientHeight - head)
			view.scrollTop = top + 3 * ROW - view.clientHeight + head;
		const node = this.ensure(i);
		node.setAttribute("aria-selected", "true");
		node.classList.add("active");
		view.setAttribute("aria-activedescendant", node.id);
		this.draw();
		this.onSelect(this.shown[i], open);
	}

	// Scrolls to an event and selects it; returns false if a filter has
	// left it out.
	reveal(event, open) {
		if (!event.shown)
			return false;
		this.grid.scrollTop = this.tops[event.row] -
			this.grid.clientHeight / 3;
		const head = this.heads.children[event.trace.column + 1];
		const time = this.heads.children[0].offsetWidth;
		if (head.offsetLeft - time < this.grid.scrollLeft ||
		    head.offsetLeft + head.offsetWidth >
		    this.grid.scrollLeft + this.grid.clientWidth)
			this.grid.scrollLeft = head.offsetLeft - time;
		this.select(event.row, open);
		return true;
	}

	// Returns the next event for which is(event) is true, in the direction
	// of step (1 or -1), or null.
	next(step, is) {
		const n = this.shown.length;
		const from = this.active === -1 && step < 0 ? 0 : this.active;
		for (let k = 1; k <= n; k++) {
			const i = (from + step * k + n * 2) % n;
			if (is(this.shown[i]))
				return this.shown[i];
		}
		return null;
	}

	highlight(found) {
		this.found = found;
		for (const [i, node] of this.nodes)
			node.classList.toggle("found", found.has(this.shown[i]));
	}

	clicked(e) {
		const node = e.target.closest(".row");
		if (node)
			this.select(node.index, true);
	}

	key(e) {
		if (e.ctrlKey || e.altKey || e.metaKey || e.target !== this.grid)
			return;
		const page = Math.max(1,
			Math.floor(this.grid.clientHeight / ROW) - 2);
		const keys = {
			ArrowDown: () => this.select(this.active + 1),
			ArrowUp: () => this.select(this.active - 1),
			PageDown: () => this.select(this.active + page),
			PageUp: () => this.select(this.active - page),
			Home: () => this.select(0),
			End: () => this.select(this.shown.length - 1),
			ArrowRight: () => this.grid.scrollLeft += 120,
			ArrowLeft: () => this.grid.scrollLeft -= 120,
			Enter: () => this.select(Math.max(0, this.active), true),
			" ": () => this.select(Math.max(0, this.active), true),
			n: () => this.problem(1),
			p: () => this.problem(-1),
		};
		if (!Object.hasOwn(keys, e.key))
			return;
		e.preventDefault();
		keys[e.key]();
	}

	problem(step) {
		const event = this.next(step, x => x.tone === "bad");
		if (event)
			this.reveal(event, false);
	}
}
