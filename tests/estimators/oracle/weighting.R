# Poststratified, raked, GREG and bounded calibrated designs, and trimming, by R survey.
# Run in this folder after designs.R: Rscript weighting.R
suppressMessages({library(survey); library(jsonlite)})
people <- as.data.frame(fromJSON("designs.json")$people)
people$y[is.na(people$y)] <- 4
people$five <- as.numeric(people$y == 5)
d <- svydesign(~psu, strata = ~h, weights = ~w, data = people)
N <- round(1.2 * sum(people$w))
sex <- data.frame(sex = c("f", "m"), Freq = c(round(.53 * N), N - round(.53 * N)))
dom <- data.frame(dom = c("u", "v", "w"), Freq = c(round(.55 * N), round(.33 * N), N - round(.55 * N) - round(.33 * N)))
totals <- c(`(Intercept)` = N, sexm = sex$Freq[2], domv = dom$Freq[2], domw = dom$Freq[3], age = 47 * N)
f <- ~sex + dom + age
precise <- list(maxit = 500, epsilon = 1e-13)
cal <- function(...) calibrate(d, f, totals, maxit = 500, epsilon = 1e-13, ...)
made <- list(
  poststratified = postStratify(d, ~sex, sex),
  raked = rake(d, list(~sex, ~dom), list(sex, dom), control = precise),
  raking = calibrate(d, ~sex + dom, totals[1:4], calfun = "raking", maxit = 500, epsilon = 1e-13),
  greg = calibrate(d, f, totals),
  raking_age = cal(calfun = "raking"),
  logit = cal(calfun = "logit", bounds = c(.6, 2.2)),
  truncated = cal(calfun = "linear", bounds = c(.8, 1.75)))
twice <- calibrate(made$poststratified, ~dom - 1, setNames(dom$Freq, c("domu", "domv", "domw")))
measure <- function(x) {
  m <- svymean(~y + five, x); t <- svytotal(~y, x)
  x <- update(x, yu = y * (dom == "u"), yv = y * (dom == "v"), yw = y * (dom == "w"),
              u = +(dom == "u"), v = +(dom == "v"), z = +(dom == "w"))
  by <- svyratio(~yu + yv + yw, ~u + v + z, x, covmat = TRUE)   # svyby stops on calibrated designs
  same <- c(1, 5, 9)
  list(weights = unname(weights(x)), mean = unname(coef(m)), cov = unname(vcov(m)), total_se = c(SE(t)),
       domain = unname(c(by$ratio)[same]), domain_cov = unname(vcov(by))[same, same])
}
high <- 1.8 * mean(people$w); low <- .5 * mean(people$w)
out <- list(provenance = list(R = R.version.string, survey = as.character(packageVersion("survey")),
                              date = as.character(Sys.Date()), script = "weighting.R"),
            population = N, sex = setNames(as.list(sex$Freq), sex$sex), dom = setNames(as.list(dom$Freq), dom$dom),
            age = unname(totals["age"]), results = lapply(made, measure),
            twice_weights = unname(weights(twice)),
            trim_once = unname(weights(trimWeights(d, upper = high, lower = low))),
            trim_strict = unname(weights(trimWeights(d, upper = high, lower = low, strict = TRUE))))
write_json(out, "weighting.json", digits = I(17), auto_unbox = TRUE, na = "null")
