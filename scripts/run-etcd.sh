#!/usr/bin/env bash
# Makes this host a member of etcd, or finds that it is one and brings it to the wanted version, settings and certificates.
# What is begun is decided by what there is: data here is started; where other members answer, this host joins them; a new
# etcd is begun in the run that creates the cluster, and never again.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/etcd-member.sh
. lib/etcd-member.sh

# Only in the run that creates this step, and only when the cluster is created with it.
readonly NEW_CLUSTER=${NEW_CLUSTER:-no}
# Such a run has begun, and etcd has never come to write anything here: the next one may begin again.
readonly BEGUN=$STATE/etcd-begun

make_user() {
  if ! getent passwd etcd >/dev/null; then
    touch "$STATE/etcd-user"
    do_step "making the user etcd" useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin etcd
  fi
  # Folders on the way to these are for everybody to pass, which a step's own umask would not let them be.
  (umask 022 && mkdir -p "$ETCD_DATA" "$MEMBER_PKI")
  chown etcd:etcd "$ETCD_DATA" "$MEMBER_PKI"
  chmod 700 "$ETCD_DATA" "$MEMBER_PKI"
}

# etcd reads certificates anew with each connection; a key that does not fit its certificate is refused for a moment only.
install_certificates() {
  local file
  for file in member.key member.crt ca.crt; do
    cmp -s "pki/$file" "$MEMBER_PKI/$file" && continue
    install -m 600 -o etcd -g etcd "pki/$file" "$MEMBER_PKI/$file.new"
    mv "$MEMBER_PKI/$file.new" "$MEMBER_PKI/$file"
  done
}

write_unit() {
  cat >"$WORK/unit" <<EOT
# Written by kubeadm-ha: changes are lost with the next update.
[Unit]
Description=etcd, the store of a Kubernetes cluster
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
User=etcd
ExecStart=$PROGRAMS/etcd --config-file=$CONFIG
Restart=always
RestartSec=1
# Without a majority it waits for the others, however long that takes.
TimeoutStartSec=infinity
LimitNOFILE=65536
NoNewPrivileges=yes
# Its writes go before those of others (etcd's tuning guide).
IOSchedulingClass=best-effort
IOSchedulingPriority=0

[Install]
WantedBy=multi-user.target
EOT
}

refuse_strangers() {
  if [ -e "$UNIT" ] && ! grep -q kubeadm-ha "$UNIT"; then
    fail "this host has an etcd of its own: $UNIT" "Take it off, or choose another host"
  fi
  if has_data && ! cmp -s "$OURS" pki/ca.crt; then
    fail "$ETCD_DATA holds the data of an etcd that this stack does not know" \
      "If it may go, remove it; if not, choose another host or another etcd.dataDirectory"
  fi
}

# What whom it began with says is of no meaning any more when there is data.
settings_differ() {
  local name
  sed -E '/^initial-cluster(-state)?:/d' "$CONFIG" 2>/dev/null | cmp -s - etcd.yaml || return 0
  cmp -s "$WORK/unit" "$UNIT" || return 0
  for name in etcd etcdctl etcdutl; do
    cmp -s "$STAGED_ETCD/$name" "$PROGRAMS/$name" || return 0
  done
  return 1
}

# The version that answers, which is the old one till etcd is restarted.
runs_wanted() {
  member_at "https://$NODE_ADDRESS:2379" endpoint status | grep -q ", $ETCD_VERSION, "
}

# install_settings CONFIG_FILE
install_settings() {
  local name
  for name in etcd etcdctl etcdutl; do
    put "$STAGED_ETCD/$name" "$PROGRAMS/$name" 755 || :
  done
  put "$1" "$CONFIG" 644 || :
  put "$WORK/unit" "$UNIT" 644 || :
  do_step "reading the unit" systemctl daemon-reload
  do_step "enabling etcd" systemctl -q enable etcd
  find "$STATE" -maxdepth 1 -name 'etcd-[0-9]*' ! -path "$STAGED_ETCD" -exec rm -rf {} +
}

others_are_well() {
  local member sick=0
  for member in $MEMBERS; do
    [ "${member%%=*}" = "$NODE_NAME" ] && continue
    member_at "https://${member#*=}:2379" endpoint health || sick=$((sick + 1))
  done
  [ "$sick" -eq 0 ]
}

own_health() {
  member_at "https://$NODE_ADDRESS:2379" endpoint health
}

# A learner that has all the data becomes a member that votes; etcd itself says when that is.
promote() {
  local line
  list_members || return 1
  line=$(own_line)
  case $line in
    '') return 1 ;;
    *', true') ETCD_NOT_ON=$NODE_NAME etcdctl member promote "${line%%,*}" ;;
  esac
}

await_membership() {
  know_members
  wait_for 240 "this host's voting membership" "See \`journalctl -u etcd\` on the host, and that the members reach each other's ports 2379 and 2380" promote
  wait_for 60 "this member's health" "See \`journalctl -u etcd\` on the host" own_health
  rm -f "$BEGUN"
}

# A member that was added and never started has held nothing: of a host that is not wanted any more it goes.
remove_unstarted_strangers() {
  local wanted id
  wanted=$(for member in $MEMBERS; do printf 'https://%s:2380 ' "${member#*=}"; done)
  while read -r id; do
    ETCD_NOT_ON=$NODE_NAME remove_member "$id"
  done < <(awk -F ', ' -v wanted=" $wanted" '$6 == "true" && $5 == "" && !index(wanted, " " $4 " ") { print $1 }' "$WORK/members")
}

# etcd takes no member while one of those that it has came back a few seconds ago.
is_added() {
  ETCD_NOT_ON=$NODE_NAME list_members || return 1
  [ -n "$(own_line)" ] && return
  ETCD_NOT_ON=$NODE_NAME etcdctl member add "$NODE_NAME" --learner --peer-urls="https://$NODE_ADDRESS:2380" &&
    ETCD_NOT_ON=$NODE_NAME list_members
}

# The rule of quorum on the members there will be: a new member may not cost the majority.
add_learner() {
  local members healthy
  if grep -q ', true$' "$WORK/members"; then
    fail "etcd has a learner already: $(awk -F ', ' '$6 == "true" { print $4 }' "$WORK/members")" \
      "One member joins at a time; let that one finish, then run \`pulumi up\` again"
  fi
  members=$(wc -l <"$WORK/members")
  healthy=$(ETCD_NOT_ON=$NODE_NAME etcd_healthy '')
  etcd_allows "$((members + 1))" "$((healthy + 1))" || fail "only $healthy of $members etcd members are healthy" \
    "A new member now could cost the majority; bring the others back first"
  wait_for 60 "adding this host to etcd as a learner" "See \`journalctl -u etcd\` on the other members" is_added
}

# begin STATE INITIAL_CLUSTER
begin() {
  { cat etcd.yaml && printf 'initial-cluster: %s\ninitial-cluster-state: %s\n' "$2" "$1"; } >"$WORK/begin.yaml"
  discard_data
  put pki/ca.crt "$OURS" 600 || :
  install_settings "$WORK/begin.yaml"
  do_step "starting etcd" systemctl restart --no-block etcd
}

begin_membership() {
  local line
  if ETCD_PATIENCE=3s ETCD_NOT_ON=$NODE_NAME list_members 2>>"$LOG"; then
    remove_unstarted_strangers
    ETCD_NOT_ON=$NODE_NAME know_members
    line=$(own_line)
    if [ -z "$line" ]; then
      add_learner
    elif [ "$(awk -F ', ' '{ print $5 }' <<<"$line")" ]; then
      fail "the others know this host's member, and its data is not here any more" \
        "Say \`lost: true\` of it and run \`pulumi up\`; then remove its line and run it; then add it again"
    fi
    begin existing "$(awk -F ', ' -v own="https://$NODE_ADDRESS:2380" -v me="$NODE_NAME" '{
      printf "%s%s=%s", (NR > 1 ? "," : ""), ($4 == own ? me : $3 == "" ? $1 : $3), $4 }' "$WORK/members")"
    await_membership
  elif [ "$NEW_CLUSTER" = yes ] || [ -e "$BEGUN" ]; then
    touch "$BEGUN"
    # The others begin at the same time, and none is healthy alone: who awaits them is the step after all of these.
    begin new "$(for member in $MEMBERS; do printf '%s=https://%s:2380\n' "${member%%=*}" "${member#*=}"; done | paste -sd ,)"
  else
    fail "no other etcd member answers, and there is no data here" \
      "Bring a majority of them back: a second etcd is never begun beside one that was there"
  fi
}

# One that was taken out while it was away has data that nobody goes on from.
was_taken_out() {
  ETCD_PATIENCE=3s ETCD_NOT_ON=$NODE_NAME list_members 2>>"$LOG" && [ -z "$(own_line)" ]
}

know_programs
write_unit
refuse_strangers
make_user
install_certificates
if has_data && was_taken_out; then
  do_step "stopping etcd, which was taken out" systemctl stop etcd
  discard_data
fi
if ! has_data; then
  begin_membership
else
  if settings_differ || ! runs_wanted >>"$LOG" 2>&1; then
    wait_for 15 "health of every other etcd member" \
      "Bring them back first: while this one restarts, the majority would be at stake" others_are_well
    install_settings etcd.yaml
    do_step "starting etcd" systemctl restart --no-block etcd
  fi
  await_membership
fi
