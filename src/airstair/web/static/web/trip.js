// New trip: the next flight starts where, with what and about when the one before it ends.

const legs = document.getElementById("legs");

function carry(section) {
  const before = section.previousElementSibling;
  if (!before) return;
  const field = (leg, name) => leg.querySelector(`[name$="-${name}"]`);
  const copy = (from, to) => { const a = field(before, from), b = field(section, to); if (a && b && a.value) b.value = a.value; };
  copy("ades", "adep");
  for (const name of ["aircraft_id", "number", "flight_type", "regulation", "flight_rules", "sales_type"]) copy(name, name);
  copy(field(before, "sta_date").value ? "sta_date" : "std_date", "std_date");
  field(section, "std_time").value = "";
  field(section, "ades")?.focus();
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === legs && legs.lastElementChild) carry(legs.lastElementChild);
});
