# What designs.R, weighting.R and replication.R leave: every statistic under weighted designs, lone PSUs and replicates.
# Run in this folder after them: Rscript matrix.R
suppressMessages({library(survey); library(jsonlite)})
people <- as.data.frame(fromJSON("designs.json")$people)
people$y[is.na(people$y)] <- 4
people$five <- as.numeric(people$y == 5)
d <- svydesign(~psu, strata = ~h, weights = ~w, data = people)
told <- fromJSON("weighting.json")
sex <- data.frame(sex = names(told$sex), Freq = unlist(told$sex))
totals <- c(`(Intercept)` = told$population, sexm = told$sex$m, domv = told$dom$v, domw = told$dom$w, age = told$age)
cal <- function(...) calibrate(d, ~sex + dom + age, totals, maxit = 500, epsilon = 1e-13, ...)
weighted <- list(
  poststratified = postStratify(d, ~sex, sex),
  raking = calibrate(d, ~sex + dom, totals[1:4], calfun = "raking", maxit = 500, epsilon = 1e-13),
  greg = calibrate(d, ~sex + dom + age, totals),
  raking_age = cal(calfun = "raking"),
  logit = cal(calfun = "logit", bounds = c(.6, 2.2)),
  truncated = cal(calfun = "linear", bounds = c(.8, 1.75)))
probs <- c(.1, .25, .5, .75)
quantiles <- function(x) {
  q <- svyquantile(~age, x, probs, qrule = "math", interval.type = "mean")$age
  list(quantile = unname(q[, 1]), quantile_low = unname(q[, 2]), quantile_high = unname(q[, 3]), quantile_se = unname(q[, 4]))
}
linear <- function(x, ...) {
  m <- svymean(~y + five, x, deff = "replace"); t <- svytotal(~y + five, x); r <- svyratio(~y, ~x, x)
  c(list(mean = unname(coef(m)), cov = unname(vcov(m)), deff = unname(deff(m)), total = unname(coef(t)),
         total_cov = unname(vcov(t)), ratio = c(coef(r)), ratio_se = c(SE(r)), df = degf(x)))
}
lonely <- as.data.frame(fromJSON("designs.json")$lonely)
set.seed(20203)
lonely <- lonely[rep(1:7, c(3, 2, 4, 3, 2, 3, 2)), ]
lonely$y <- c(5, 4, 5, 3, 5, 4, 4, 2, 5, 5, 4, 1, 3, 5, 4, 5, 2, 4, 5)
lonely$five <- as.numeric(lonely$y == 5)
lonely$x <- round(runif(19, 1, 4), 2)
lonely$age <- sample(18:80, 19)
lonely$dom <- rep(c("u", "v"), length.out = 19)
rules <- sapply(c("certainty", "adjust", "average"), function(rule) {
  options(survey.lonely.psu = rule)
  x <- svydesign(~psu, strata = ~h, weights = ~w, data = lonely)
  by <- svyby(~y, ~dom, x, svymean, covmat = TRUE)
  c(linear(x), quantiles(x), list(domain = unname(coef(by)), domain_cov = unname(vcov(by))))
}, simplify = FALSE)
options(survey.lonely.psu = "fail")
paired <- people[people$id %in% fromJSON("replication.json")$pairs, ]
finite <- svydesign(~psu, strata = ~h, weights = ~w, fpc = ~n1, data = people)
flat <- svydesign(~psu, weights = ~w, data = people)
pairs <- svydesign(~psu, strata = ~h, weights = ~w, data = paired)
set.seed(20202)
reps <- list(JK1 = as.svrepdesign(flat, type = "JK1"), JKn = as.svrepdesign(d, type = "JKn"),
             JKn_fpc = as.svrepdesign(finite, type = "JKn"),
             BRR = as.svrepdesign(pairs, type = "BRR"), Fay = as.svrepdesign(pairs, type = "Fay", fay.rho = .3),
             rao_wu = as.svrepdesign(d, type = "subbootstrap", replicates = 40))
replicated <- lapply(reps, function(x) {
  x$mse <- TRUE
  m <- svymean(~y + five, x, deff = "replace")
  x$mse <- FALSE   # with TRUE a total takes the census stratum, which survey leaves out of the replicates, for bias
  t <- svytotal(~y + five, x)
  list(mean = unname(coef(m)), cov = unname(vcov(m)), deff = unname(deff(m)), total = unname(coef(t)), total_cov = unname(vcov(t)))
})
out <- list(provenance = list(R = R.version.string, survey = as.character(packageVersion("survey")),
                              date = as.character(Sys.Date()), script = "matrix.R"),
            weighted = lapply(weighted, function(x) c(linear(x), quantiles(x))), lonely = lonely, rules = rules,
            replicated = replicated)
write_json(out, "matrix.json", digits = I(17), auto_unbox = TRUE, dataframe = "columns", na = "null")
