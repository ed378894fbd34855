#!/usr/bin/env bash
# Gives nodes the labels, annotations and taints of the cluster file, and takes back what it does not say any more.
#
# Labels and annotations are applied on the server under a name of our own, which knows what was ours before. Taints
# cannot be owned one by one, so each node has a list of ours in an annotation: those of others, such as the ones that
# Kubernetes sets on a node which is not ready, stay. A taint is taken away before the list forgets it and set after the
# list has it, so that an interruption leaves none behind.
# shellcheck source=scripts/lib/base.sh
. lib/base.sh
# shellcheck source=scripts/lib/cluster.sh
. lib/cluster.sh

export KUBECONFIG=$WORK/admin.conf

readonly MANAGER=kubeadm-ha-nodes CONTROL_PLANE=node-role.kubernetes.io/control-plane
# kubeadm's label of control planes, for which balancers outside pass over a node.
readonly PASSED_OVER=node.kubernetes.io/exclude-from-external-load-balancers

# Lines `name takes-work ours taints managers`, a tab between: what nodes have now. A taint is `key=value:effect`.
read_nodes() {
  local columns='{.metadata.name}{"\t"}{.metadata.annotations.kubeadm-ha/takes-work}{"\t"}'
  columns+='{.metadata.annotations.kubeadm-ha/taints}{"\t"}'
  columns+='{range .spec.taints[*]}{.key}={.value}:{.effect},{end}{"\t"}{range .metadata.managedFields[*]}{.manager},{end}{"\n"}'
  kube get nodes -o "jsonpath={range .items[*]}$columns{end}" >"$WORK/there"
  [ -s "$WORK/there" ]
}

# Lines `when what node [taint]` of all that is to be done, from what is wanted (nodes) and what is there.
decide() {
  awk -F '\t' -v control_plane="$CONTROL_PLANE=:NoSchedule" -v manager="$MANAGER" '
    function kind(taint) { sub(/=[^:]*/, "", taint); return taint }
    function each(text, into, kinds, i, n, parts) {
      delete into; delete kinds
      n = split(text == "-" ? "" : text, parts, ",")
      for (i = 1; i <= n; i++) if (parts[i] != "") { into[parts[i]]; kinds[kind(parts[i])] }
    }
    !there { split($0, word, " "); work[word[1]] = word[3]; taints[word[1]] = word[4]; next }
    {
      known[$1]
      named = $1 in taints
      each(taints[$1], wanted, wanted_kinds); each($3, ours, our_kinds); each($4, has, has_kinds)
      for (taint in ours)
        if (!(kind(taint) in wanted_kinds) && kind(taint) in has_kinds) print "before untaint", $1, kind(taint)
      if ($2 == "true" && work[$1] != "yes") print "before rest", $1
      if (!named && index("," $5, "," manager ",")) print "now forget", $1
      for (taint in wanted) if (!(taint in has)) print "after taint", $1, taint
      if (work[$1] == "yes" && ($2 != "true" || control_plane in has)) print "after work", $1
    }
    END { for (name in taints) if (!(name in known)) print "missing", "-", name }' OFS=' ' nodes there=1 "$WORK/there" >"$WORK/todo"
}

untaint() {
  # Somebody else may have been quicker.
  kube taint node "$1" "$2-" || ! kube get node "$1" -o 'jsonpath={range .spec.taints[*]}{.key}:{.effect}{"\n"}{end}' | grep -qxF "$2"
}

carry_out() {
  case $1 in
    untaint) untaint "$2" "$3" ;;
    taint) kube taint node "$2" "$3" --overwrite ;;
    rest) kube taint node "$2" "$CONTROL_PLANE:NoSchedule" --overwrite && kube label node "$2" "$PASSED_OVER=" --overwrite ;;
    work) untaint "$2" "$CONTROL_PLANE:NoSchedule" && kube label node "$2" "$PASSED_OVER-" ;;
  esac
}

# do_all WHEN: what is to be done at that time.
do_all() {
  local when what node taint
  while read -r when what node taint; do
    [ "$when" = "$1" ] || continue
    wait_for 60 "$what ${taint:+$taint }of the node $node" "See that the API answers, then run \`pulumi up\` again" \
      carry_out "$what" "$node" "$taint"
  done <"$WORK/todo"
}

wait_for 120 "the cluster's answer" "Bring its control planes back" api_answers
wait_for 60 "the list of nodes" "See that the API answers" read_nodes
decide
missing=$(awk '$1 == "missing" { print $3 }' "$WORK/todo" | sort | paste -sd ' ')
[ -z "$missing" ] || fail "there is no node $missing" "See that its kubelet runs, then run \`pulumi up\` again"
do_all before
awk '$2 == "forget" { print "---\napiVersion: v1\nkind: Node\nmetadata:\n  name: \"" $3 "\"" }' "$WORK/todo" >forgotten.yaml
for file in nodes.yaml forgotten.yaml; do
  if [ -s "$file" ]; then
    do_step "applying what nodes carry" kube apply --server-side --force-conflicts --field-manager "$MANAGER" -f "$file"
  fi
done
do_all after
